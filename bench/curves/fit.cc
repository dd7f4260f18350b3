#include "bench/curves/fit.h"

#include <algorithm>
#include <cmath>

namespace pretext {

Growth FitGrowth(const std::vector<TimedSize>& points, double power) {
  // 1 ≈ fixed · u + each · v with u = 1 / t, v = size^power / t: the normal equations.
  double uu = 0, uv = 0, vv = 0, u1 = 0, v1 = 0;
  for (const TimedSize& point : points) {
    const double u = 1 / point.milliseconds, v = std::pow(point.size, power) * u;
    uu += u * u, uv += u * v, vv += v * v, u1 += u, v1 += v;
  }
  Growth growth;
  growth.fixed = (u1 * vv - v1 * uv) / (uu * vv - uv * uv);
  growth.fixed = std::max(0.0, growth.fixed);
  growth.each = (v1 - growth.fixed * uv) / vv;
  for (const TimedSize& point : points) {
    const double fit = growth.fixed + growth.each * std::pow(point.size, power);
    growth.worst = std::max(growth.worst, std::abs(fit / point.milliseconds - 1));
  }
  return growth;
}

}  // namespace pretext
