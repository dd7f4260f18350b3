// What of every sample of a split is known beside itself.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plugin/dataset.h"

namespace pretext {

// What a sample that was read comes to.
SampleSum SumOf(const Sample& sample);

// Of every sample: Dataset::Sum, or where the dataset has none, of what reading gives; on all
// threads. The dataset is loaded. The error of the first sample, by index, that cannot be read.
absl::StatusOr<std::vector<SampleSum>> SumsOf(const Dataset& dataset, Split split);

// The label of every sample: Dataset::Label, or where the dataset has none, of what reading gives,
// -1 for one that cannot be read; none of a dataset without labels.
std::vector<int32_t> LabelsOf(const Dataset& dataset, Split split);

}  // namespace pretext
