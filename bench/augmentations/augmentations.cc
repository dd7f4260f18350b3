// Times SimCLR's augmentations on images of 3x32x32, as the peers' `steps.py augment` does: from
// 8-bit pixels to the augmented view as floats, on one core. Prints one line of JSON a case.
//
//   bazel run //bench/augmentations
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "augmentations/chain/chain.h"
#include "base/random/random.h"
#include "bench/measure/measure.h"
#include "core/plugin/field_checker.h"

namespace pretext {
namespace {

constexpr int kImages = 512;
constexpr int64_t kSize = 3 * 32 * 32;

AugmentationChain Build(const std::vector<std::string>& parts) {
  google::protobuf::RepeatedPtrField<google::protobuf::Any> configs;
  for (const std::string& part : parts) {
    if (!google::protobuf::TextFormat::ParseFromString("[type.googleapis.com/pretext." + part,
                                                       configs.Add())) {
      std::abort();
    }
  }
  FieldChecker check;
  AugmentationChain chain(configs, "augmentation", {.input = FlowType::Image(3, 32, 32)}, check);
  if (!check.ok()) {
    std::fprintf(stderr, "%s\n", std::string(check.status().message()).c_str());
    std::exit(1);
  }
  return chain;
}

void Run(const std::string& variant, const std::vector<std::string>& parts) {
  const AugmentationChain chain = Build(parts);
  std::vector<uint8_t> pixels(kImages * kSize);
  Random random({.seed = 1});
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.Below(256));
  std::vector<float> batch(kImages * kSize);
  Sample sample;
  uint32_t epoch = 0;
  Measure({.name = "augment", .variant = variant + " 3x32x32", .items = kImages, .repeats = 21},
          [&] {
            for (int i = 0; i < kImages; ++i) {
              const uint8_t* image = &pixels[i * kSize];
              sample.type = FlowType::Image(3, 32, 32);
              sample.values.resize(kSize);
              for (int64_t k = 0; k < kSize; ++k) {
                sample.values[k] = static_cast<float>(image[k]) * (1 / 255.0f);
              }
              Random stream({.seed = 1,
                             .purpose = Purpose::kAugmentation,
                             .epoch = epoch,
                             .sample = static_cast<uint64_t>(i)});
              chain.Apply(sample, stream);
              std::copy(sample.values.begin(), sample.values.end(), &batch[i * kSize]);
            }
            ++epoch;
          });
}

}  // namespace
}  // namespace pretext

int main() {
  const std::string crop = "RandomResizedCrop] { min_area: 0.2 }", flip = "HorizontalFlip] {}",
                    jitter = "ColorJitter] {}", grey = "RandomGrayscale] {}",
                    blur = "GaussianBlur] { kernel_size: 3 }";
  pretext::Run("full stack", {crop, flip, jitter, grey, blur});
  pretext::Run("crop", {crop});
  pretext::Run("jitter", {jitter});
  pretext::Run("blur", {blur});
}
