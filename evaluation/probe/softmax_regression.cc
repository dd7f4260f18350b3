#include "evaluation/probe/softmax_regression.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check/check.h"
#include "evaluation/probe/narrow_product.h"
#include "kernels/vector_math/vector_math.h"

namespace pretext {
namespace {

constexpr int64_t kStripRows = 4096;  // the unit of work of a thread, and of summation
constexpr int64_t kSummedRows = 256;  // in single precision
// Of a block's standardised features: a part of the second-level cache.
constexpr int64_t kBlockBytes = 512 << 10;

int64_t RoundedUp(int64_t count, int64_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

constexpr double kMostInverse = std::numeric_limits<float>::max();

// What is added to deviations: columns that hardly vary beside the others stay small.
double LeastDeviation(const ColumnStatistics& statistics) {
  const double most = *std::max_element(statistics.deviation.begin(), statistics.deviation.end());
  return 1e-6 * std::min(1.0, most / 1e-3);
}

// Turns the logits of one sample into softmax - one-hot(label); returns its cross-entropy.
double ToResidual(float* logits, int64_t size, int32_t label) {
  const float most = *std::max_element(logits, logits + size);
  const double target = double{logits[label]} - most;
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t c = 0; c < size; ++c) {
    logits[c] = Exp(logits[c] - most);
    total += logits[c];
  }
  const float inverse = 1 / total;
#pragma omp simd
  for (int64_t c = 0; c < size; ++c) logits[c] *= inverse;
  logits[label] -= 1;
  return std::log(double{total}) - target;
}

}  // namespace

struct SoftmaxRegression::Block {
  explicit Block(const SoftmaxRegression& of)
      : standardized(of.block_rows_ * of.padded_width_),
        logits(of.block_rows_ * of.padded_classes_) {}
  std::vector<float> standardized;  // [block_rows_, D padded with zeros]
  std::vector<float> logits;        // [block_rows_, C padded]
};

SoftmaxRegression::SoftmaxRegression(const Features& train, int64_t classes, double decay)
    : train_(train),
      width_(train.width),
      classes_(classes),
      padded_width_(RoundedUp(width_, kNarrowVector)),
      padded_classes_(RoundedUp(classes, kNarrowVector)),
      block_rows_(std::clamp<int64_t>(
          kBlockBytes / static_cast<int64_t>(sizeof(float)) / padded_width_, 8, kSummedRows)),
      decay_(decay) {
  const ColumnStatistics statistics = ComputeColumnStatistics(train);
  const double least = LeastDeviation(statistics);
  for (int64_t d = 0; d < width_; ++d) {
    mean_.push_back(static_cast<float>(statistics.mean[d]));
    const double deviation = statistics.deviation[d];
    const double inverse = deviation > 0 ? std::min(1 / (deviation + least), kMostInverse) : 0;
    inverse_deviation_.push_back(static_cast<float>(inverse));
  }
}

std::vector<float> SoftmaxRegression::PadWeights(const double* parameters) const {
  std::vector<float> weights((width_ + 1) * padded_classes_);
  for (int64_t d = 0; d <= width_; ++d) {
    float* row = weights.data() + d * padded_classes_;
    for (int64_t c = 0; c < classes_; ++c)
      row[c] = static_cast<float>(parameters[d * classes_ + c]);
  }
  std::fill(weights.end() - (padded_classes_ - classes_), weights.end(),
            -std::numeric_limits<float>::infinity());
  return weights;
}

void SoftmaxRegression::Logits(const Features& features, int64_t first, int64_t rows,
                               const float* weights, Block& block) const {
  for (int64_t i = 0; i < rows; ++i) {
    const float* in = features.values.data() + (first + i) * width_;
    float* out = block.standardized.data() + i * padded_width_;
#pragma omp simd
    for (int64_t d = 0; d < width_; ++d) out[d] = (in[d] - mean_[d]) * inverse_deviation_[d];
  }
  NarrowProduct(block.standardized.data(), padded_width_, rows, width_, weights, padded_classes_,
                block.logits.data());
  const float* bias = weights + width_ * padded_classes_;
  for (int64_t i = 0; i < rows; ++i) {
    float* logits = block.logits.data() + i * padded_classes_;
#pragma omp simd
    for (int64_t c = 0; c < padded_classes_; ++c) logits[c] += bias[c];
  }
}

double SoftmaxRegression::Evaluate(const double* parameters, double* gradient) const {
  const std::vector<float> weights = PadWeights(parameters);
  const int64_t strips = (train_.count + kStripRows - 1) / kStripRows;
  // Of the weights [C, D padded], then of the biases [C padded].
  const int64_t biases = classes_ * padded_width_, size = biases + padded_classes_;
  std::vector<double> losses(strips), gradients(strips * size);
#pragma omp parallel
  {
    Block block(*this);
    std::vector<float> part(size);
#pragma omp for schedule(static)
    for (int64_t s = 0; s < strips; ++s) {
      double* sum = gradients.data() + s * size;
      const int64_t end = std::min(train_.count, (s + 1) * kStripRows);
      for (int64_t begin = s * kStripRows; begin < end; begin += kSummedRows) {
        std::fill(part.begin(), part.end(), 0.0f);
        const int64_t part_end = std::min(end, begin + kSummedRows);
        for (int64_t first = begin; first < part_end; first += block_rows_) {
          const int64_t rows = std::min(block_rows_, part_end - first);
          Logits(train_, first, rows, weights.data(), block);
          for (int64_t i = 0; i < rows; ++i) {
            float* const logits = block.logits.data() + i * padded_classes_;
            losses[s] += ToResidual(logits, padded_classes_, train_.labels[first + i]);
#pragma omp simd
            for (int64_t c = 0; c < padded_classes_; ++c) part[biases + c] += logits[c];
          }
          AddNarrowGradient(block.logits.data(), padded_classes_, block.standardized.data(), rows,
                            classes_, padded_width_, part.data());
        }
#pragma omp simd
        for (int64_t i = 0; i < size; ++i) sum[i] += part[i];
      }
    }
  }
  double loss = 0;
  for (const double l : losses) loss += l;
  loss /= train_.count;
  for (int64_t d = 0; d <= width_; ++d) {
    for (int64_t c = 0; c < classes_; ++c) {
      const int64_t at = d < width_ ? c * padded_width_ + d : biases + c;
      double sum = 0;
      for (int64_t s = 0; s < strips; ++s) sum += gradients[s * size + at];
      const double w = d < width_ ? parameters[d * classes_ + c] : 0;
      loss += decay_ * w * w;
      gradient[d * classes_ + c] = sum / train_.count + 2 * decay_ * w;
    }
  }
  return loss;
}

std::vector<int32_t> SoftmaxRegression::Predict(const double* parameters,
                                                const Features& features) const {
  PRETEXT_CHECK(features.width == width_, "features are as wide as those trained on");
  const std::vector<float> weights = PadWeights(parameters);
  std::vector<int32_t> result(features.count);
#pragma omp parallel
  {
    Block block(*this);
#pragma omp for schedule(static)
    for (int64_t first = 0; first < features.count; first += block_rows_) {
      const int64_t rows = std::min(block_rows_, features.count - first);
      Logits(features, first, rows, weights.data(), block);
      for (int64_t i = 0; i < rows; ++i) {
        const float* logits = block.logits.data() + i * padded_classes_;
        result[first + i] =
            static_cast<int32_t>(std::max_element(logits, logits + classes_) - logits);
      }
    }
  }
  return result;
}

}  // namespace pretext
