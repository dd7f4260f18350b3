// Features: what an encoder makes of the samples of one split, as the evaluations take them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace pretext {

struct Features {
  int64_t count = 0;            // N
  int64_t width = 0;            // D
  std::vector<float> values;    // [N, D]
  std::vector<int32_t> labels;  // [N], each at least 0; empty without labels
  // [N], of the samples in their split; empty where the rows are no split's samples.
  std::vector<int64_t> indices;
};

// Whether there are features and all are finite; an error names the split,
// the sample and the feature.
absl::Status CheckFinite(const Features& features, absl::string_view split);

// Whether a classifier can be fitted to `train` and scored on `test`:
// neither is empty, widths agree, every value is finite, every row has a label.
// An error says which split, row and feature is at fault.
absl::Status CheckLabelled(const Features& train, const Features& test);

// One more than the largest label of either split.
int64_t CountClasses(const Features& train, const Features& test);

// The mean and the standard deviation (N - 1 in the denominator, 0 for one row) of each column [N,
// D], in double precision by fixed blocks of rows: the same bits whatever the number of threads.
struct ColumnStatistics {
  std::vector<double> mean, deviation;  // [D]
};
ColumnStatistics ComputeColumnStatistics(const Features& features);

// ‖row‖ of the first `rows` rows, in double precision: no finite row's overflows or vanishes.
std::vector<double> Lengths(const Features& features, int64_t rows);

// The share of equal elements, in percent.
double PercentCorrect(const std::vector<int32_t>& predicted, const std::vector<int32_t>& labels);

}  // namespace pretext
