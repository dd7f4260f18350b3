#include "evaluation/features/features.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "base/parallel/parallel.h"

namespace pretext {
namespace {

constexpr int64_t kBlockRows = 4096;

absl::Status CheckSplit(const Features& features, absl::string_view split) {
  if (absl::Status status = CheckFinite(features, split); !status.ok()) return status;
  if (static_cast<int64_t>(features.labels.size()) != features.count) {
    return absl::InvalidArgumentError(
        absl::StrCat("the ", split, " split has ", features.labels.size(), " labels for ",
                     features.count, " samples: k-NN and the probe need one each"));
  }
  const auto unlabelled = std::find_if(features.labels.begin(), features.labels.end(),
                                       [](int32_t label) { return label < 0; });
  if (unlabelled != features.labels.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("sample ", unlabelled - features.labels.begin(), " of the ", split,
                     " split has no label: k-NN and the probe need one each"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckFinite(const Features& features, absl::string_view split) {
  if (features.count == 0 || features.width == 0) {
    return absl::InvalidArgumentError(absl::StrCat("the ", split, " split has no features (",
                                                   features.count, "×", features.width,
                                                   "): nothing can be evaluated"));
  }
  PRETEXT_CHECK(static_cast<int64_t>(features.values.size()) == features.count * features.width,
                "the values fill N×D");
  int64_t bad = -1;
  ParallelFor(features.count, features.width, [&](int64_t n) {
    const float* row = features.values.data() + n * features.width;
    float sum = 0;  // NaN or infinite as soon as one value is: x - x is NaN for both, 0 otherwise
#pragma omp simd reduction(+ : sum)
    for (int64_t d = 0; d < features.width; ++d) sum += row[d] - row[d];
    if (sum != 0) {
#pragma omp critical
      if (bad < 0 || n < bad) bad = n;
    }
  });
  if (bad >= 0) {
    const float* row = features.values.data() + bad * features.width;
    const int64_t column =
        std::find_if_not(row, row + features.width, [](float x) { return std::isfinite(x); }) - row;
    return absl::InvalidArgumentError(
        absl::StrCat("feature ", column, " of sample ", bad, " of the ", split, " split is ",
                     row[column], ": the encoder diverged, or its input is broken"));
  }
  return absl::OkStatus();
}

absl::Status CheckLabelled(const Features& train, const Features& test) {
  absl::Status status = CheckSplit(train, "training");
  status.Update(CheckSplit(test, "test"));
  if (status.ok() && train.width != test.width) {
    return absl::InvalidArgumentError(
        absl::StrCat("training features have width ", train.width, ", test features ", test.width));
  }
  return status;
}

int64_t CountClasses(const Features& train, const Features& test) {
  int32_t most = -1;
  for (const int32_t label : train.labels) most = std::max(most, label);
  for (const int32_t label : test.labels) most = std::max(most, label);
  return most + 1;
}

ColumnStatistics ComputeColumnStatistics(const Features& features) {
  const int64_t n = features.count, d = features.width;
  ColumnStatistics result{std::vector<double>(d), std::vector<double>(d)};
  if (n == 0) return result;
  const int64_t blocks = (n + kBlockRows - 1) / kBlockRows;
  // Squares of the distance to the first row: it is near enough to the mean that nothing cancels.
  const float* origin = features.values.data();
  std::vector<double> sum(blocks * d), square(blocks * d);
  ParallelFor(blocks, 2 * kBlockRows * d, [&](int64_t b) {
    double* s = sum.data() + b * d;
    double* q = square.data() + b * d;
    for (int64_t i = b * kBlockRows; i < std::min(n, (b + 1) * kBlockRows); ++i) {
      const float* row = features.values.data() + i * d;
#pragma omp simd
      for (int64_t c = 0; c < d; ++c) {
        const double x = double{row[c]} - double{origin[c]};
        s[c] += x;
        q[c] += x * x;
      }
    }
  });
  for (int64_t c = 0; c < d; ++c) {
    double s = 0, q = 0;
    for (int64_t b = 0; b < blocks; ++b) {
      s += sum[b * d + c];
      q += square[b * d + c];
    }
    result.mean[c] = origin[c] + s / n;
    result.deviation[c] = n > 1 ? std::sqrt(std::max(0.0, (q - s * s / n) / (n - 1))) : 0;
  }
  return result;
}

std::vector<double> Lengths(const Features& features, int64_t rows) {
  std::vector<double> result(rows);
  ParallelFor(rows, 2 * features.width, [&](int64_t n) {
    const float* row = features.values.data() + n * features.width;
    double square = 0;
    for (int64_t d = 0; d < features.width; ++d) square += double{row[d]} * row[d];
    result[n] = std::sqrt(square);
  });
  return result;
}

double PercentCorrect(const std::vector<int32_t>& predicted, const std::vector<int32_t>& labels) {
  PRETEXT_CHECK(predicted.size() == labels.size() && !labels.empty(),
                "one prediction for each label");
  int64_t correct = 0;
  for (size_t i = 0; i < labels.size(); ++i) correct += predicted[i] == labels[i];
  return 100.0 * correct / labels.size();
}

}  // namespace pretext
