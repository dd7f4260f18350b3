#include "pipelines/drawing/scale.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace pretext {

Scale::Scale(double low, double high, double from, double to, bool log)
    : low_(low), high_(high), from_(from), to_(to), log_(log) {
  if (high_ > low_) return;
  const double apart = std::max(1e-9, std::abs(low_) * 0.05);
  low_ -= log_ ? low_ / 20 : apart;
  high_ += apart;
}

double Scale::operator()(double value) const {
  const double share =
      log_ ? std::log(value / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
  return from_ + share * (to_ - from_);
}

std::vector<double> Scale::Ticks(int count) const {
  std::vector<double> ticks;
  if (log_) {
    // Powers of ten where there are enough, else 1, 2 and 5 times these, else as if straight.
    const auto decades = [&](const std::vector<double>& factors) {
      ticks.clear();
      for (int e = static_cast<int>(std::floor(std::log10(low_)));
           e <= static_cast<int>(std::ceil(std::log10(high_))); ++e) {
        for (const double factor : factors) {
          const double value = factor * std::pow(10.0, e);
          if (value >= low_ * (1 - 1e-9) && value <= high_ * (1 + 1e-9)) ticks.push_back(value);
        }
      }
    };
    decades({1});
    if (static_cast<int>(ticks.size()) < (count + 1) / 2) decades({1, 2, 5});
    while (static_cast<int>(ticks.size()) > 2 * count) {
      std::vector<double> fewer;
      for (size_t i = 0; i < ticks.size(); i += 2) fewer.push_back(ticks[i]);
      ticks = fewer;
    }
    if (static_cast<int>(ticks.size()) >= (count + 1) / 2) return ticks;
    ticks.clear();
  }
  const double rough = (high_ - low_) / std::max(1, count);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double apart = power;
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    apart = factor * power;
    if (apart >= rough * 0.999) break;
  }
  const double slack = 1e-9 * (high_ - low_);
  for (double k = std::ceil((low_ - slack) / apart); k * apart <= high_ + slack; ++k)
    ticks.push_back(k == 0 ? 0 : k * apart);
  return ticks;
}

std::string TickText(double value) { return absl::StrFormat("%.6g", value); }

}  // namespace pretext
