#include "evaluation/knn/by_cosine.h"

#include <algorithm>
#include <cmath>

#include "base/parallel/parallel.h"
#include "kernels/knn/knn.h"

namespace pretext {
namespace {

// Lengths of rows whose products single precision holds with all its digits.
constexpr double kShortest = 1e-9, kLongest = 1e15;
// The mean of unit vectors is as long where cosines lie within a few thousandths of each other, so
// that products have four digits or fewer left to tell them apart.
constexpr double kConcentrated = 0.999;
constexpr int64_t kBlockRows = 4096;

bool AllWithin(const std::vector<double>& lengths) {
  return std::all_of(lengths.begin(), lengths.end(), [](double length) {
    return length == 0 || (length >= kShortest && length <= kLongest);
  });
}

// 0 is counted as 1e-12.
std::vector<float> Inverses(const std::vector<double>& lengths) {
  std::vector<float> inverses;
  for (const double length : lengths)
    inverses.push_back(static_cast<float>(1 / std::max(length, 1e-12)));
  return inverses;
}

// Of a zero row it is 0.
double Inverse(double length) { return length > 0 ? 1 / length : 0; }

// The mean of the rows' unit vectors, by fixed blocks: the same bits whatever the threads.
std::vector<double> MeanDirection(const Features& features, const std::vector<double>& lengths) {
  const int64_t n = features.count, d = features.width;
  std::vector<double> sums((n + kBlockRows - 1) / kBlockRows * d), mean(d);
  ParallelBlocks(n, kBlockRows, 2 * d, [&](int64_t begin, int64_t end) {
    double* const sum = sums.data() + begin / kBlockRows * d;
    for (int64_t i = begin; i < end; ++i) {
      const float* const row = features.values.data() + i * d;
      const double inverse = Inverse(lengths[i]);
#pragma omp simd
      for (int64_t c = 0; c < d; ++c) sum[c] += row[c] * inverse;
    }
  });
  for (size_t i = 0; i < sums.size(); ++i) mean[i % d] += sums[i] / static_cast<double>(n);
  return mean;
}

double SquareOf(const std::vector<double>& vector) {
  double square = 0;
  for (const double value : vector) square += value * value;
  return square;
}

// out [D] = row / length - mean; returns mean·out.
double Centre(const float* row, double length, const std::vector<double>& mean, float* out) {
  const double inverse = Inverse(length);
  double product = 0;
  for (size_t c = 0; c < mean.size(); ++c) {
    const double centred = row[c] * inverse - mean[c];
    product += centred * mean[c];
    out[c] = static_cast<float>(centred);
  }
  return product;
}

}  // namespace

ByCosine::ByCosine(const Features& base, const Features& of, int64_t queries)
    : base_(base), of_(of), queries_(queries) {
  const std::vector<double> base_lengths = Lengths(base, base.count),
                            lengths = Lengths(of, queries);
  const std::vector<double> mean = MeanDirection(base, base_lengths);
  copied_ = !AllWithin(base_lengths) || !AllWithin(lengths) ||
            SquareOf(mean) > kConcentrated * kConcentrated;
  if (copied_) {
    Copy(mean, base_lengths, lengths);
  } else {
    base_inverse_ = Inverses(base_lengths);
    inverse_ = Inverses(lengths);
  }
}

void ByCosine::Copy(const std::vector<double>& mean, const std::vector<double>& base_lengths,
                    const std::vector<double>& lengths) {
  const int64_t d = base_.width;
  const double square = SquareOf(mean);
  base_rows_.resize(base_.count * (d + 1));
  rows_.resize(queries_ * (d + 1));
  offset_.resize(queries_);
  ParallelFor(base_.count, 4 * d, [&](int64_t n) {
    float* const out = base_rows_.data() + n * (d + 1);
    const double along = Centre(base_.values.data() + n * d, base_lengths[n], mean, out);
    out[d] = static_cast<float>(along);
  });
  ParallelFor(queries_, 4 * d, [&](int64_t q) {
    if (lengths[q] == 0) return;  // zeros: all cosines are 0
    float* const out = rows_.data() + q * (d + 1);
    offset_[q] = square + Centre(of_.values.data() + q * d, lengths[q], mean, out);
    out[d] = 1;
  });
}

void ByCosine::Nearest(int64_t first, int64_t rows, int64_t k, int32_t* indices,
                       float* scores) const {
  const int64_t d = base_.width;
  if (copied_) {
    NearestNeighbors(rows_.data() + first * (d + 1), rows, base_rows_.data(),
                     /*base_scale=*/nullptr, base_.count, d + 1, k, indices, scores);
  } else {
    NearestNeighbors(of_.values.data() + first * d, rows, base_.values.data(), base_inverse_.data(),
                     base_.count, d, k, indices, scores);
  }
}

}  // namespace pretext
