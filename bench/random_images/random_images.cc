#include "bench/random_images/random_images.h"

#include "absl/strings/str_cat.h"
#include "base/random/random.h"
#include "bench/random_images/random_images.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Dataset>> RandomImagesDataset::Create(const RandomImages& config,
                                                                     const BuildContext&) {
  FieldChecker check;
  check.Extent("channels", config.channels());
  check.Extent("height", config.height());
  check.Extent("width", config.width());
  check.Extent("samples", config.samples());
  if (!check.ok()) return check.status();
  return std::make_unique<RandomImagesDataset>(
      FlowType::Image(config.channels(), config.height(), config.width()), config.samples());
}

absl::Status RandomImagesDataset::Read(Split, int64_t index, Sample& sample) const {
  sample.index = index;
  sample.label = -1;
  sample.type = type_;
  sample.values.resize(type_.size());
  Random random({.seed = 1, .sample = static_cast<uint64_t>(index)});
  for (float& value : sample.values) value = random.Uniform();
  return absl::OkStatus();
}

std::string RandomImagesDataset::Summary() const {
  return absl::StrCat(samples_, " random samples, ", type_.ToString());
}

PRETEXT_REGISTER_DATASET(RandomImagesDataset, RandomImages);

}  // namespace pretext
