#include "pipelines/drawing/chart.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pipelines/drawing/downsample.h"
#include "pipelines/drawing/html.h"
#include "pipelines/drawing/scale.h"

namespace pretext {
namespace {

constexpr int64_t kMostPoints = 600;  // of a line
constexpr int kWidth = 520, kHeight = 260, kLeft = 62, kRight = 14, kTop = 14, kBottom = 34;
constexpr int kColors = 10;
// Of the lines one after the other; the first is drawn through.
constexpr std::array<const char*, 5> kDashes = {"", "7 4", "2 3", "10 3 2 3", "14 5"};

struct Extent {
  double low = INFINITY, high = -INFINITY;
  void Add(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool any() const { return low <= high; }
};

// Whether most of what there is to see lies at the foot of a straight axis.
bool WantsLogarithms(const std::vector<ChartLine>& lines, const Extent& values) {
  if (!(values.low > 0) || values.high < 10 * values.low) return false;
  const double half = (values.low + values.high) / 2;
  for (const ChartLine& line : lines) {
    if (line.landmark) continue;
    for (size_t i = line.series.size() / 2; i < line.series.size(); ++i) {
      if (line.series[i].value > half) return false;
    }
  }
  return true;
}

std::string Stroke(size_t index, bool landmark) {
  const char* const dash = landmark ? "1 4" : kDashes[index % kDashes.size()];
  return absl::StrCat("class=\"series ", landmark ? "landmark" : absl::StrCat("s", index % kColors),
                      "\"", *dash != '\0' ? absl::StrCat(" stroke-dasharray=\"", dash, "\"") : "");
}

// A line across for each of about `ticks` values of the vertical axis, and the value beside it.
std::string LinesAcross(const Scale& y, int ticks) {
  std::string svg;
  for (const double value : y.Ticks(ticks)) {
    absl::StrAppendFormat(&svg,
                          "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                          "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
                          kLeft, kWidth - kRight, y(value), y(value), kLeft - 6, y(value) + 4,
                          TickText(value));
  }
  return svg;
}

// The axes.
std::string Axes(const Scale& x, const Scale& y) {
  std::string svg = LinesAcross(y, 5);
  for (const double value : x.Ticks(4)) {
    absl::StrAppendFormat(&svg, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                          std::min(x(value), kWidth - 18.0), kHeight - 16, TickText(value));
  }
  absl::StrAppendFormat(&svg, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>",
                        kWidth - kRight, kHeight - 3, "step");
  return svg;
}

// What a line says to who does not see it.
std::string InWords(const ChartLine& line) {
  const HistoryPoint &first = line.series.front(), &last = line.series.back();
  if (line.series.size() == 1)
    return absl::StrCat(line.name, " ", Figure(first.value), " at ", TickText(first.step));
  return absl::StrCat(line.name, " from ", Figure(first.value), " at ", TickText(first.step),
                      " to ", Figure(last.value), " at ", TickText(last.step));
}

std::string Line(const ChartLine& line, size_t index, const Scale& x, const Scale& y, bool log,
                 int64_t most) {
  const HistorySeries points = Downsample(line.series, most, log);
  std::string svg = absl::StrCat("<polyline ", Stroke(index, line.landmark), " points=\"");
  for (const HistoryPoint& p : points)
    absl::StrAppendFormat(&svg, "%.1f,%.1f ", x(p.step), y(p.value));
  absl::StrAppend(&svg, "\"/>");
  if (!line.points && points.size() > 1) return svg;
  for (const HistoryPoint& p : points) {
    absl::StrAppendFormat(&svg, "<circle class=\"f%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>",
                          index % kColors, x(p.step), y(p.value));
  }
  return svg;
}

}  // namespace

std::string ChartHtml(absl::string_view id, absl::string_view title,
                      const std::vector<ChartLine>& lines) {
  Extent steps, values;
  for (const ChartLine& line : lines) {
    for (const HistoryPoint& p : line.series) {
      if (!std::isfinite(p.value)) continue;
      steps.Add(p.step);
      values.Add(p.value);
    }
  }
  if (!steps.any()) return "";
  const bool log = WantsLogarithms(lines, values);
  const Scale x(steps.low, steps.high, kLeft, kWidth - kRight, false);
  const Scale y(values.low, values.high, kHeight - kBottom, kTop, log);
  std::string drawn, key, words;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].series.empty()) continue;
    absl::StrAppend(&drawn, Line(lines[i], i, x, y, log, kMostPoints));
    absl::StrAppend(
        &key,
        "<span><svg viewBox=\"0 0 34 12\" aria-hidden=\"true\"><line x1=\"0\" x2=\"34\" y1=\"6\" "
        "y2=\"6\" ",
        Stroke(i, lines[i].landmark), "/></svg>", EscapeHtml(lines[i].name), " ",
        Figure(lines[i].series.back().value), "</span>");
    absl::StrAppend(&words, words.empty() ? "" : "; ", InWords(lines[i]));
  }
  return absl::StrFormat(
      "<figure class=\"chart\" id=\"%s\"><figcaption>%s%s</figcaption><svg viewBox=\"0 0 %d %d\" "
      "role=\"img\" aria-label=\"%s: %s\">%s%s</svg><div class=\"key\">%s</div></figure>\n",
      EscapeHtml(id), EscapeHtml(title), log ? " <span class=\"soft\">(logarithmic)</span>" : "",
      kWidth, kHeight, EscapeHtml(title), EscapeHtml(words), Axes(x, y), drawn, key);
}

std::string BarsHtml(absl::string_view id, absl::string_view title,
                     const std::vector<std::pair<std::string, double>>& bars,
                     absl::string_view description) {
  Extent values;
  values.Add(0);
  for (const auto& [name, value] : bars) values.Add(value);
  if (bars.empty()) return "";
  const Scale y(0, values.high, kHeight - kBottom, kTop, false);
  const double room =
      static_cast<double>(kWidth - kLeft - kRight) / static_cast<double>(bars.size());
  std::string svg = LinesAcross(y, 4);
  const size_t apart = std::max<size_t>(1, (bars.size() + 7) / 8);  // of the names
  for (size_t i = 0; i < bars.size(); ++i) {
    const auto& [name, value] = bars[i];
    const double left = kLeft + room * static_cast<double>(i);
    absl::StrAppendFormat(
        &svg,
        "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">"
        "<title>%s: %s</title></rect>",
        left + 0.1 * room, y(value), 0.8 * room, std::max(0.0, kHeight - kBottom - y(value)),
        EscapeHtml(name), Figure(value));
    if (i % apart != 0) continue;
    absl::StrAppendFormat(&svg, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                          left + room / 2, kHeight - 16, EscapeHtml(name));
  }
  return absl::StrFormat(
      "<figure class=\"chart\" id=\"%s\"><figcaption>%s</figcaption><svg viewBox=\"0 0 %d %d\" "
      "role=\"img\" aria-label=\"%s. %s\">%s</svg><p class=\"soft\">%s</p></figure>\n",
      EscapeHtml(id), EscapeHtml(title), kWidth, kHeight, EscapeHtml(title),
      EscapeHtml(description), svg, EscapeHtml(description));
}

}  // namespace pretext
