#include "datasets/cifar/generated_cifar.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/random/random.h"

namespace pretext {
namespace {

// One picture of the class.
void Draw(int label, int classes, Random& random, uint8_t* pixels) {
  const float circle = 2 * std::numbers::pi_v<float>;
  const float hue = circle * static_cast<float>(label) / static_cast<float>(classes);
  const float slant = hue / 2 + random.Uniform(-0.2f, 0.2f);
  const float frequency = 0.3f + 0.15f * static_cast<float>(label % 4);
  const float phase = random.Uniform(0, circle), light = random.Uniform(0.35f, 0.65f);
  for (int c = 0; c < 3; ++c) {
    const float color = light + 0.2f * std::cos(hue + circle * static_cast<float>(c) / 3);
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 32; ++x) {
        const float along =
            static_cast<float>(x) * std::cos(slant) + static_cast<float>(y) * std::sin(slant);
        const float value =
            color + 0.2f * std::sin(frequency * along + phase) + random.Uniform(-0.05f, 0.05f);
        *pixels++ = static_cast<uint8_t>(255 * std::clamp(value, 0.0f, 1.0f));
      }
    }
  }
}

}  // namespace

absl::Status WriteGeneratedCifar(const std::string& path, const CifarLayout& layout,
                                 int64_t records, uint64_t seed) {
  std::string contents;
  std::vector<uint8_t> record(static_cast<size_t>(layout.record()));
  for (int64_t i = 0; i < records; ++i) {
    const int label = static_cast<int>(i % layout.classes);
    // Superclass and class, for CIFAR-100: five classes a superclass.
    record[0] = static_cast<uint8_t>(layout.classes == 100 ? label / 5 : label);
    if (layout.label_bytes == 2) {
      record[1] = static_cast<uint8_t>(layout.classes == 100 ? label : label * 5);
    }
    Random random({.seed = seed, .sample = static_cast<uint64_t>(i)});
    Draw(label, layout.classes, random, record.data() + layout.label_bytes);
    contents.append(record.begin(), record.end());
  }
  return WriteFileAtomically(path, contents);
}

absl::Status WriteGeneratedCifar10(const std::string& directory, int files, int64_t records_a_file,
                                   int64_t test_records) {
  for (int i = 1; i <= files; ++i) {
    const std::string path = absl::StrCat(directory, "/data_batch_", i, ".bin");
    const absl::Status status =
        WriteGeneratedCifar(path, kCifar10, records_a_file, static_cast<uint64_t>(i));
    if (!status.ok()) return status;
  }
  return WriteGeneratedCifar(directory + "/test_batch.bin", kCifar10, test_records, 0);
}

}  // namespace pretext
