#include "kernels/reconstruction/reconstruction.h"

#include <algorithm>
#include <vector>

#include "Eigen/Core"
#include "kernels/vector_math/vector_math.h"

namespace pretext {
namespace {

constexpr int64_t kBlock = 4096;           // summed in float by lanes, then added in double
constexpr int64_t kParallel = 4 * kBlock;  // from here on a team of threads is worth waking

// Σ body(begin, end) over blocks of [0, n), added in order.
template <class Body>
double SumBlocks(int64_t n, Body body) {
  const int64_t blocks = (n + kBlock - 1) / kBlock;
  std::vector<double> sums(static_cast<size_t>(blocks));
#pragma omp parallel for schedule(static) if (n >= kParallel)
  for (int64_t b = 0; b < blocks; ++b) {
    sums[static_cast<size_t>(b)] = body(b * kBlock, std::min(n, (b + 1) * kBlock));
  }
  double total = 0;
  for (double s : sums) total += s;
  return total;
}

}  // namespace

double SquaredError(int64_t n, const float* reconstruction, const float* target, float scale,
                    float* gradient) {
  return SumBlocks(n, [=](int64_t begin, int64_t end) {
    float sum = 0;
    if (gradient == nullptr) {
#pragma omp simd reduction(+ : sum)
      for (int64_t i = begin; i < end; ++i) {
        const float d = reconstruction[i] - target[i];
        sum += d * d;
      }
    } else {
#pragma omp simd reduction(+ : sum)
      for (int64_t i = begin; i < end; ++i) {
        const float d = reconstruction[i] - target[i];
        sum += d * d;
        gradient[i] = scale * 2 * d;
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
