// Writes pictures/ (two classes of coloured shapes, of several sizes) and text.txt (lines of a
// small grammar) into a folder: the data that the tests of the pages follow them with.
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/image/image_io.h"
#include "base/random/random.h"

namespace pretext {
namespace {

// A disc or a ring of one colour on another.
std::vector<float> Shape(const ImageShape& shape, bool ring, Random& random) {
  float colors[2][3];
  for (auto& color : colors) {
    for (float& c : color) c = random.Uniform();
  }
  const auto height = static_cast<float>(shape.height), width = static_cast<float>(shape.width);
  const float radius = random.Uniform(0.2f, 0.4f) * height;
  const float y0 = random.Uniform(0.4f, 0.6f) * height, x0 = random.Uniform(0.4f, 0.6f) * width;
  std::vector<float> image(static_cast<size_t>(shape.size()));
  for (int y = 0; y < shape.height; ++y) {
    for (int x = 0; x < shape.width; ++x) {
      const float distance = std::hypot(static_cast<float>(y) - y0, static_cast<float>(x) - x0);
      const bool inside = distance < radius && (!ring || distance > 0.6f * radius);
      for (int c = 0; c < 3; ++c) {
        image[static_cast<size_t>((c * shape.height + y) * shape.width + x)] = colors[inside][c];
      }
    }
  }
  return image;
}

absl::Status WritePictures(const std::string& folder) {
  for (int i = 0; i < 80; ++i) {
    Random random({.seed = 1, .sample = static_cast<uint64_t>(i)});
    const bool ring = i % 2 == 1;
    const std::string inside = absl::StrCat(folder, "/pictures/", ring ? "ring" : "disc");
    const ImageShape shape{3, 40 + static_cast<int>(random.Below(30)),
                           40 + static_cast<int>(random.Below(40))};
    absl::Status status = MakeFolders(inside);
    if (status.ok()) {
      status =
          WritePng(absl::StrCat(inside, "/", i, ".png"), Shape(shape, ring, random).data(), shape);
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status WriteText(const std::string& folder) {
  const std::vector<std::string> who = {"cat", "dog", "bird", "child", "woman", "man", "fish"};
  const std::vector<std::string> does = {"sat", "slept", "sang", "ran", "looked", "waited"};
  const std::vector<std::string> where = {"mat", "tree", "river", "house", "garden", "road"};
  std::string text;
  for (int i = 0; i < 1500; ++i) {
    Random random({.seed = 2, .sample = static_cast<uint64_t>(i)});
    const auto of = [&](const std::vector<std::string>& words) {
      return words[random.Below(static_cast<uint32_t>(words.size()))];
    };
    absl::StrAppend(&text, "the ", of(who), " ", of(does), " near the ", of(where), " and the ",
                    of(who), " ", of(does), "\n");
  }
  return WriteFileAtomically(folder + "/text.txt", text);
}

}  // namespace
}  // namespace pretext

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  absl::Status status = pretext::WritePictures(argv[1]);
  if (status.ok()) status = pretext::WriteText(argv[1]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
