#include "core/loader/validation_split.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/random/random.h"
#include "base/text/counted.h"
#include "core/loader/read_samples.h"

namespace pretext {
namespace {

uint32_t ContentSum(const Sample& sample) {
  return AddToSum(AddToSum(0, sample.values), sample.tokens);
}

}  // namespace

absl::Status ValidationSplit::Load() {
  if (absl::Status status = dataset_->Load(); !status.ok()) return status;
  const int64_t count = dataset_->size(Split::kTrain);
  std::vector<uint32_t> sums(static_cast<size_t>(count));
  const absl::Status status = ReadSamples(
      *dataset_, Split::kTrain,
      [&](int64_t i, const Sample& sample) { sums[static_cast<size_t>(i)] = ContentSum(sample); });
  if (!status.ok()) return status;
  train_.clear();
  validation_.clear();
  for (int64_t i = 0; i < count; ++i) {
    Random random({.purpose = Purpose::kSplit, .sample = sums[static_cast<size_t>(i)]});
    (random.Uniform() < fraction_ ? validation_ : train_).push_back(i);
  }
  if (train_.empty() || validation_.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("evaluate.validation: ", fraction_, " of ", Counted(count), " samples leaves ",
                     train_.empty() ? "none to train on" : "none for validation",
                     " (equal samples go together)"));
  }
  return absl::OkStatus();
}

int64_t ValidationSplit::size(Split split) const {
  switch (split) {
    case Split::kTrain:
      return static_cast<int64_t>(train_.size());
    case Split::kValidation:
      return static_cast<int64_t>(validation_.size());
    case Split::kTest:
      break;
  }
  return dataset_->size(Split::kTest);
}

absl::Status ValidationSplit::Read(Split split, int64_t index, Sample& sample) const {
  if (split == Split::kTest) return dataset_->Read(split, index, sample);
  const std::vector<int64_t>& part = split == Split::kTrain ? train_ : validation_;
  absl::Status status = dataset_->Read(Split::kTrain, part[static_cast<size_t>(index)], sample);
  sample.index = index;
  return status;
}

std::string ValidationSplit::Summary() const {
  return absl::StrCat(dataset_->Summary(), "; ", Counted(size(Split::kValidation)),
                      " of the training samples kept for validation");
}

}  // namespace pretext
