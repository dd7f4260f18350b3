// What the tests of kernels share.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/random/random.h"

namespace pretext {

// The largest of what is added; a NaN counts as infinity, so that no tolerance passes it.
class Largest {
 public:
  void Add(double value) {
    if (!(value <= value_))
      value_ = std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
  }
  double value() const { return value_; }

 private:
  double value_ = 0;
};

// The largest |actual - expected| in units of the tolerance; infinite for different sizes.
inline double WorstError(const std::vector<float>& actual, const std::vector<double>& expected,
                         double tolerance) {
  if (actual.size() != expected.size()) return std::numeric_limits<double>::infinity();
  Largest worst;
  for (size_t i = 0; i < expected.size(); ++i)
    worst.Add(std::abs(actual[i] - expected[i]) / tolerance);
  return worst.value();
}

// The largest |actual - expected| over the root mean square of what is expected (over 1 when that
// is 0); infinite for different sizes.
inline double WorstOverRms(const std::vector<float>& actual, const std::vector<double>& expected) {
  double square = 0;
  for (double e : expected) square += e * e;
  const double rms = std::sqrt(square / static_cast<double>(expected.size()));
  return WorstError(actual, expected, rms > 0 ? rms : 1);
}

// n normal values, the same for the same stream.
inline std::vector<float> Normals(int64_t n, uint64_t stream, float deviation = 1, float mean = 0) {
  Random random({.seed = 1, .sample = stream});
  std::vector<float> x(n);
  for (float& value : x) value = mean + deviation * random.Normal();
  return x;
}

}  // namespace pretext
