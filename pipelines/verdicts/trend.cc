#include "pipelines/verdicts/trend.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace pretext {

bool Trend::stays_within(double most) const {
  return known && std::abs(change) + kCertain * error < most;
}

Trend FitTrend(const HistorySeries& series) {
  Trend trend;
  const auto points = static_cast<int64_t>(series.size());
  if (points < 3 * Trend::kBlocks) return trend;
  const int64_t window = points / 3, begin = points - window;
  std::array<double, Trend::kBlocks> mean{};
  for (int b = 0; b < Trend::kBlocks; ++b) {
    const int64_t first = begin + window * b / Trend::kBlocks;
    const int64_t end = begin + window * (b + 1) / Trend::kBlocks;
    for (int64_t i = first; i < end; ++i) mean[b] += series[i].value;
    mean[b] /= static_cast<double>(end - first);
    if (!std::isfinite(mean[b])) return trend;
    trend.level += mean[b] / Trend::kBlocks;
  }
  constexpr double kMiddle = (Trend::kBlocks - 1) / 2.0;
  double products = 0, squares = 0, left = 0;
  for (int b = 0; b < Trend::kBlocks; ++b) {
    products += (b - kMiddle) * (mean[b] - trend.level);
    squares += (b - kMiddle) * (b - kMiddle);
  }
  const double slope = products / squares;
  for (int b = 0; b < Trend::kBlocks; ++b)
    left += std::pow(mean[b] - trend.level - slope * (b - kMiddle), 2);
  constexpr double kSpan = Trend::kBlocks - 1;
  trend.known = true;
  trend.change = slope * kSpan;
  trend.error = kSpan * std::sqrt(left / (Trend::kBlocks - 2) / squares);
  trend.from_step = series[begin].step;
  return trend;
}

double MeanOfLast(const HistorySeries& series, int64_t count) {
  const auto points = static_cast<int64_t>(series.size());
  const int64_t used = std::min(count, points);
  double sum = 0;
  for (int64_t i = points - used; i < points; ++i) sum += series[i].value;
  return used > 0 ? sum / static_cast<double>(used) : 0;
}

}  // namespace pretext
