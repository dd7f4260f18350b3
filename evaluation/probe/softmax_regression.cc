#include "evaluation/probe/softmax_regression.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check/check.h"
#include "evaluation/probe/narrow_product.h"
#include "kernels/vector_math/vector_math.h"

namespace pretext {
namespace {

constexpr int64_t kBlockRows = 256;
constexpr int64_t kStripRows = 4096;  // the unit of work of a thread, and of summation

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
  Block(int64_t width, int64_t padded_classes)
      : standardized(kBlockRows * width), logits(kBlockRows * padded_classes) {}
  std::vector<float> standardized;  // [kBlockRows, D]
  std::vector<float> logits;        // [kBlockRows, C padded]
};

SoftmaxRegression::SoftmaxRegression(const Features& train, int64_t classes, double decay)
    : train_(train),
      width_(train.width),
      classes_(classes),
      padded_classes_((classes + kNarrowVector - 1) / kNarrowVector * kNarrowVector),
      decay_(decay) {
  const ColumnStatistics statistics = ComputeColumnStatistics(train);
  for (int64_t d = 0; d < width_; ++d) {
    mean_.push_back(static_cast<float>(statistics.mean[d]));
    inverse_deviation_.push_back(static_cast<float>(1 / (statistics.deviation[d] + 1e-6)));
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
    float* out = block.standardized.data() + i * width_;
#pragma omp simd
    for (int64_t d = 0; d < width_; ++d) out[d] = (in[d] - mean_[d]) * inverse_deviation_[d];
  }
  NarrowProduct(block.standardized.data(), width_, 1, rows, width_, weights, padded_classes_,
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
  const int64_t size = (width_ + 1) * padded_classes_;
  std::vector<double> losses(strips), gradients(strips * size);
#pragma omp parallel
  {
    Block block(width_, padded_classes_);
    std::vector<float> product(size);
#pragma omp for schedule(static)
    for (int64_t s = 0; s < strips; ++s) {
      double* sum = gradients.data() + s * size;
      const int64_t end = std::min(train_.count, (s + 1) * kStripRows);
      for (int64_t first = s * kStripRows; first < end; first += kBlockRows) {
        const int64_t rows = std::min(kBlockRows, end - first);
        Logits(train_, first, rows, weights.data(), block);
        for (int64_t i = 0; i < rows; ++i) {
          losses[s] += ToResidual(block.logits.data() + i * padded_classes_, padded_classes_,
                                  train_.labels[first + i]);
        }
        NarrowProduct(block.standardized.data(), 1, width_, width_, rows, block.logits.data(),
                      padded_classes_, product.data());
        // The bias's gradient: as if of a feature that is always 1.
        const float one = 1;
        NarrowProduct(&one, 0, 0, 1, rows, block.logits.data(), padded_classes_,
                      product.data() + width_ * padded_classes_);
#pragma omp simd
        for (int64_t i = 0; i < size; ++i) sum[i] += product[i];
      }
    }
  }
  double loss = 0;
  for (const double l : losses) loss += l;
  loss /= train_.count;
  for (int64_t d = 0; d <= width_; ++d) {
    for (int64_t c = 0; c < classes_; ++c) {
      double sum = 0;
      for (int64_t s = 0; s < strips; ++s) sum += gradients[s * size + d * padded_classes_ + c];
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
    Block block(width_, padded_classes_);
#pragma omp for schedule(static)
    for (int64_t first = 0; first < features.count; first += kBlockRows) {
      const int64_t rows = std::min(kBlockRows, features.count - first);
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
