#include "pipelines/new_plugin/templates/dataset/sketch/sketch.h"

#include "absl/strings/str_cat.h"
#include "base/random/random.h"
#include "pipelines/new_plugin/templates/dataset/sketch/sketch.pb.h"

namespace custom {

using pretext::Split;

absl::StatusOr<std::unique_ptr<pretext::Dataset>> SketchDataset::Create(
    const Sketch& config, const pretext::BuildContext&) {
  pretext::FieldChecker check;
  check.Extent("samples", config.samples());
  check.InRange("side", config.side(), 2, 1024);
  if (!check.ok()) return check.status();
  return std::make_unique<SketchDataset>(config.samples(), config.side());
}

absl::Status SketchDataset::Read(Split split, int64_t index, pretext::Sample& sample) const {
  pretext::Random random(
      {.seed = split == Split::kTrain ? 1u : 2u, .sample = static_cast<uint64_t>(index)});
  sample.index = index;
  sample.type = type();
  sample.label = static_cast<int32_t>(random.Below(2));
  const auto width = 1 + static_cast<int64_t>(random.Below(3));
  const auto begin = static_cast<int64_t>(random.Below(static_cast<int32_t>(side_)));
  sample.values.resize(static_cast<size_t>(side_ * side_));
  for (int64_t y = 0; y < side_; ++y) {
    for (int64_t x = 0; x < side_; ++x) {
      const int64_t along = sample.label == 0 ? y : x;
      const float noise = 0.2f * random.Uniform();
      sample.values[static_cast<size_t>(y * side_ + x)] =
          (along + begin) / width % 2 == 0 ? noise : 1 - noise;
    }
  }
  return absl::OkStatus();
}

std::string SketchDataset::Summary() const {
  return absl::StrCat(size(Split::kTrain), " + ", size(Split::kTest), " images of stripes, ",
                      type().ToString());
}

PRETEXT_REGISTER_DATASET(SketchDataset, Sketch);

}  // namespace custom
