#include "kernels/reconstruction/reconstruction.h"

#include "Eigen/Core"
#include "base/parallel/parallel.h"
#include "kernels/vector_math/vector_math.h"

namespace pretext {
namespace {

constexpr int64_t kBlock = 4096;  // summed in float by lanes, then added in double

// Σ body(begin, end) over blocks of [0, n), added in order.
template <class Body>
double SumBlocks(int64_t n, const Body& body) {
  return ParallelSum(n, kBlock, /*cost=*/2, body);
}

}  // namespace

double SquaredError(int64_t n, const float* reconstruction, const float* target, float scale,
                    float* gradient) {
  return SumBlocks(n, [=](int64_t begin, int64_t end) {
    // GCC 12 makes no vectors of a sum over what a lambda holds.
    const float *const r = reconstruction, *const x = target;
    float* const to = gradient;
    const float slope = scale * 2;
    float sum = 0;
    if (to == nullptr) {
#pragma omp simd reduction(+ : sum)
      for (int64_t i = begin; i < end; ++i) {
        const float d = r[i] - x[i];
        sum += d * d;
      }
    } else {
#pragma omp simd reduction(+ : sum)
      for (int64_t i = begin; i < end; ++i) {
        const float d = r[i] - x[i];
        sum += d * d;
        to[i] = slope * d;
      }
    }
    return static_cast<double>(sum);
  });
}

double LogitCrossEntropy(int64_t n, const float* logits, const float* target, float scale,
                         float* gradient) {
  return SumBlocks(n, [=](int64_t begin, int64_t end) {
    const Eigen::Map<const Eigen::ArrayXf> l(logits + begin, end - begin);
    const Eigen::Map<const Eigen::ArrayXf> x(target + begin, end - begin);
    const float sum = (l.max(0.0f) - l * x + (-l.abs()).exp().log1p()).sum();
    if (gradient != nullptr) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) {
        gradient[i] = scale * (Sigmoid(logits[i]) - target[i]);
      }
    }
    return static_cast<double>(sum);
  });
}

}  // namespace pretext
