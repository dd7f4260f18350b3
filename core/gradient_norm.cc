#include "core/gradient_norm.h"

#include <algorithm>
#include <cmath>

namespace pretext {
namespace {

constexpr int64_t kBlock = 1 << 14;

// Padding of a blocked layout is zero and adds nothing.
double SumOfSquares(const Tensor& tensor) {
  const auto n = static_cast<int64_t>(tensor.bytes() / sizeof(float));
  const float* const data = tensor.data();
  const int64_t blocks = (n + kBlock - 1) / kBlock;
  std::vector<double> sums(static_cast<size_t>(blocks));
#pragma omp parallel for schedule(static) if (blocks > 4)
  for (int64_t b = 0; b < blocks; ++b) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = b * kBlock; i < std::min(n, (b + 1) * kBlock); ++i) {
      sum += static_cast<double>(data[i]) * static_cast<double>(data[i]);
    }
    sums[static_cast<size_t>(b)] = sum;
  }
  double total = 0;
  for (double s : sums) total += s;
  return total;
}

}  // namespace

double GlobalGradientNorm(const std::vector<Parameter*>& parameters) {
  double total = 0;
  for (const Parameter* p : parameters) {
    if (p->has_gradient) total += SumOfSquares(p->gradient);
  }
  return std::sqrt(total);
}

std::string FirstNonFiniteGradient(const std::vector<Parameter*>& parameters) {
  for (const Parameter* p : parameters) {
    if (!p->has_gradient) continue;
    if (const int64_t at = FirstNonFinite(p->gradient); at >= 0) {
      return p->name + ", element " + std::to_string(at) + " is " +
             std::to_string(p->gradient.Plain().data()[at]);
    }
  }
  return "";
}

}  // namespace pretext
