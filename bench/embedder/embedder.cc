// Times a trained encoder in a program, as the C++ library gives it: one picture, from numbers and
// from its file, and many files. ResNet-18 of width 64 on 3×32×32, with weights as a seed gives
// them. Prints one line of JSON a case.
//
//   bazel run //bench/embedder
#include "embedder/embedder.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "base/image/image_io.h"
#include "base/random/random.h"
#include "bench/measure/measure.h"
#include "core/plugin/build_context.h"
#include "core/plugin/registry.h"
#include "encoders/res_net/res_net.pb.h"
#include "pipelines/encoder/encoder_folder.h"
#include "pipelines/encoder/flow_text.h"

namespace pretext {
namespace {

constexpr int kFiles = 256;
const FlowType kSample = FlowType::Image(3, 32, 32).WithRange(kUnitRange);

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::exit(1);
}

void MakeEncoder(const std::string& path) {
  EncoderFile file;
  ResNet net;
  net.set_depth(18);
  net.set_width(64);
  file.mutable_encoder()->PackFrom(net);
  auto encoder = Registry<Encoder>::Create(file.encoder(), {.input = kSample, .sample = kSample});
  Check(encoder.status());
  (*encoder)->parameters().Allocate("encoder", /*seed=*/1);
  file.set_name("bench");
  *file.mutable_sample() = *file.mutable_input() = FlowToMessage(kSample);
  *file.mutable_output() = FlowToMessage((*encoder)->output());
  file.set_features((*encoder)->features());
  file.mutable_pictures()->set_background("#ffffff");
  for (int c = 0; c < 3; ++c) {
    file.mutable_pictures()->add_factor(1);
    file.mutable_pictures()->add_offset(0);
  }
  Check(WriteEncoderFolder(path, file, (*encoder)->parameters(), nullptr));
}

// Pictures of 500×375, as they come from a camera's or the web's collections.
std::vector<std::string> MakePictures(const std::string& folder) {
  const ImageShape shape{3, 375, 500};
  std::vector<float> pixels(static_cast<size_t>(shape.size()));
  std::vector<std::string> paths;
  for (int i = 0; i < kFiles; ++i) {
    for (size_t k = 0; k < pixels.size(); ++k) {
      pixels[k] = static_cast<float>((k / 40 + static_cast<size_t>(i)) % 256) / 255.0f;
    }
    paths.push_back(absl::StrCat(folder, "/", i, ".png"));
    Check(WritePng(paths.back(), pixels.data(), shape));
  }
  return paths;
}

int Main() {
  std::string folder = "/tmp/pretext_bench_XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 1;
  MakeEncoder(folder + "/encoder");
  const std::vector<std::string> paths = MakePictures(folder);
  const absl::StatusOr<Embedder> embedder = Embedder::Open(folder + "/encoder");
  Check(embedder.status());
  std::vector<float> values(static_cast<size_t>(kFiles * kSample.size()));
  Random random({.seed = 1});
  for (float& value : values) value = random.Uniform(0.0f, 1.0f);
  const auto time = [](const std::string& variant, double items, const auto& embed) {
    Measure({.name = "embedder", .variant = variant, .items = items, .warmup = 3, .repeats = 21},
            [&] { Check(embed().status()); });
  };
  time("one picture, numbers", 1, [&] { return embedder->EmbedValues(values.data(), 1); });
  time("one picture, PNG 500x375", 1, [&] { return embedder->EmbedPictures({paths[0]}); });
  time("256 pictures, numbers", kFiles,
       [&] { return embedder->EmbedValues(values.data(), kFiles); });
  time("256 pictures, PNG 500x375", kFiles, [&] { return embedder->EmbedPictures(paths); });
  time("open", 1, [&] { return Embedder::Open(folder + "/encoder"); });
  Check(RemoveAll(folder));
  return 0;
}

}  // namespace
}  // namespace pretext

int main() { return pretext::Main(); }
