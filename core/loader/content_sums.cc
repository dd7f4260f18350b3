#include "core/loader/content_sums.h"

#include "core/flow/content_sum.h"

namespace pretext {
namespace {

// As `sums`; those of samples that cannot be read stay as they are.
absl::Status FindSums(const Dataset& dataset, Split split, std::vector<SampleSum>& sums) {
  const auto size = static_cast<int64_t>(sums.size());
  if (size == 0) return absl::OkStatus();
  const bool is_known = dataset.Sum(split, 0).has_value();
  absl::Status failed;
  int64_t failed_at = size;
#pragma omp parallel
  {
    Sample sample;
#pragma omp for schedule(dynamic, 64)
    for (int64_t i = 0; i < size; ++i) {
      SampleSum& sum = sums[static_cast<size_t>(i)];
      if (is_known) {
        sum = *dataset.Sum(split, i);
        continue;
      }
      const absl::Status status = dataset.Read(split, i, sample);
      if (status.ok()) {
        sum = SumOf(sample);
        continue;
      }
#pragma omp critical
      if (i < failed_at) {
        failed = status;
        failed_at = i;
      }
    }
  }
  return failed;
}

}  // namespace

SampleSum SumOf(const Sample& sample) {
  uint32_t sum = AddToSum(0, sample.values);
  sum = AddToSum(sum, &sample.length, sizeof(sample.length));
  sum = AddToSum(sum, sample.tokens);
  return {.content = AddToSum(sum, sample.segments), .label = sample.label};
}

absl::StatusOr<std::vector<SampleSum>> SumsOf(const Dataset& dataset, Split split) {
  std::vector<SampleSum> sums(static_cast<size_t>(dataset.size(split)));
  if (absl::Status status = FindSums(dataset, split, sums); !status.ok()) return status;
  return sums;
}

std::vector<int32_t> LabelsOf(const Dataset& dataset, Split split) {
  if (!dataset.labelled()) return {};
  const int64_t size = dataset.size(split);
  std::vector<int32_t> labels;
  if (size > 0 && dataset.Label(split, 0)) {
    for (int64_t i = 0; i < size; ++i) labels.push_back(*dataset.Label(split, i));
    return labels;
  }
  std::vector<SampleSum> sums(static_cast<size_t>(size));
  FindSums(dataset, split, sums).IgnoreError();  // found where they are read
  for (const SampleSum& sum : sums) labels.push_back(sum.label);
  return labels;
}

}  // namespace pretext
