#include "pipelines/drawing/downsample.h"

#include <algorithm>
#include <cmath>

namespace pretext {

HistorySeries Downsample(const HistorySeries& series, int64_t most, bool log) {
  HistorySeries all;
  for (const HistoryPoint& point : series) {
    if (std::isfinite(point.value) && (!log || point.value > 0)) all.push_back(point);
  }
  const auto count = static_cast<int64_t>(all.size());
  if (count <= std::max<int64_t>(3, most)) return all;
  const auto height = [log](const HistoryPoint& p) { return log ? std::log(p.value) : p.value; };
  const int64_t runs = std::max<int64_t>(3, most) - 2;  // between the first and the last
  const auto begin_of = [&](int64_t run) { return 1 + run * (count - 2) / runs; };
  HistorySeries chosen = {all.front()};
  for (int64_t run = 0; run < runs; ++run) {
    const int64_t begin = begin_of(run), end = begin_of(run + 1);
    const int64_t next_end = run + 1 < runs ? begin_of(run + 2) : count;
    double next_step = 0, next_height = 0;
    for (int64_t i = end; i < next_end; ++i) {
      next_step += all[i].step / static_cast<double>(next_end - end);
      next_height += height(all[i]) / static_cast<double>(next_end - end);
    }
    const HistoryPoint& before = chosen.back();
    int64_t best = begin;
    double largest = -1;
    for (int64_t i = begin; i < end; ++i) {
      const double area = std::abs((before.step - next_step) * (height(all[i]) - height(before)) -
                                   (before.step - all[i].step) * (next_height - height(before)));
      if (area > largest) largest = area, best = i;
    }
    chosen.push_back(all[best]);
  }
  chosen.push_back(all.back());
  return chosen;
}

}  // namespace pretext
