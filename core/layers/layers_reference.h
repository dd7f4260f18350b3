// Layers in double precision, as their definitions read, for tests of what is made of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace pretext {

inline std::vector<double> ReluReference(std::vector<double> x) {
  for (double& v : x) v = std::max(v, 0.0);
  return x;
}

// x [N, C, positions] + b [C].
inline std::vector<double> AddBiasReference(std::vector<double> x, const std::vector<double>& b,
                                            size_t positions = 1) {
  for (size_t i = 0; i < x.size(); ++i) x[i] += b[i / positions % b.size()];
  return x;
}

// x Wᵀ of rows x [N, in] and W [out, in].
inline std::vector<double> LinearReference(const std::vector<double>& x, size_t in,
                                           const std::vector<double>& w) {
  std::vector<double> y;
  for (size_t r = 0; r < x.size() / in; ++r) {
    for (size_t o = 0; o < w.size() / in; ++o) {
      double sum = 0;
      for (size_t i = 0; i < in; ++i) sum += x[r * in + i] * w[o * in + i];
      y.push_back(sum);
    }
  }
  return y;
}

// γ (x - mean) / √(var + 1e-5) + β, over all but the channels of x [N, C, positions].
inline std::vector<double> BatchNormReference(std::vector<double> x,
                                              const std::vector<double>& gamma,
                                              const std::vector<double>& beta,
                                              size_t positions = 1) {
  const size_t channels = gamma.size();
  const double count = static_cast<double>(x.size() / channels);
  for (size_t c = 0; c < channels; ++c) {
    double mean = 0, variance = 0;
    const auto each = [&](auto visit) {
      for (size_t i = 0; i < x.size(); ++i) {
        if (i / positions % channels == c) visit(x[i]);
      }
    };
    each([&](double v) { mean += v / count; });
    each([&](double v) { variance += (v - mean) * (v - mean) / count; });
    each([&](double& v) { v = (v - mean) / std::sqrt(variance + 1e-5) * gamma[c] + beta[c]; });
  }
  return x;
}

}  // namespace pretext
