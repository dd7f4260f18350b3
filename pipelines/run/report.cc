#include "pipelines/run/report.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/file/file_writer.h"
#include "base/file/read_file.h"

namespace pretext {
namespace {

using google::protobuf::Struct;

struct Point {
  double step, value;
};
using Series = std::vector<Point>;

struct Metrics {
  std::map<std::string, Series> training;    // by name
  std::map<std::string, Series> evaluation;  // by name
  std::vector<std::pair<std::string, double>> latest;
};

std::string Escape(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
}

Metrics Parse(const std::string& jsonl) {
  Metrics metrics;
  for (absl::string_view line : absl::StrSplit(jsonl, '\n')) {
    Struct object;
    if (!google::protobuf::util::JsonStringToMessage(std::string(line), &object).ok()) continue;
    const auto step = object.fields().find("step");
    if (step == object.fields().end()) continue;
    const double at = step->second.number_value();
    for (const auto& [key, value] : object.fields()) {
      if (key == "step" || key == "epoch") continue;
      if (value.has_number_value()) metrics.training[key].push_back({at, value.number_value()});
      if (key != "eval") continue;
      metrics.latest.clear();
      for (const auto& [name, figure] : value.struct_value().fields()) {
        if (!figure.has_number_value()) continue;
        metrics.evaluation[name].push_back({at, figure.number_value()});
        metrics.latest.emplace_back(name, figure.number_value());
      }
      std::sort(metrics.latest.begin(), metrics.latest.end());
    }
  }
  return metrics;
}

constexpr int kWidth = 460, kHeight = 180, kLeft = 60, kBottom = 24, kTop = 8;

// The series as lines of one chart; the first is the metric, the others landmarks.
std::string Chart(const std::string& title,
                  const std::vector<std::pair<std::string, Series>>& all) {
  double x0 = INFINITY, x1 = -INFINITY, y0 = INFINITY, y1 = -INFINITY;
  for (const auto& [name, series] : all) {
    for (const Point& p : series) {
      x0 = std::min(x0, p.step), x1 = std::max(x1, p.step);
      y0 = std::min(y0, p.value), y1 = std::max(y1, p.value);
    }
  }
  if (!(x1 >= x0) || !std::isfinite(y0) || !std::isfinite(y1)) return "";
  if (x1 == x0) x1 = x0 + 1;
  if (y1 == y0) y1 = y0 + std::max(1e-12, std::abs(y0) * 0.1);
  const auto x = [&](double v) { return kLeft + (v - x0) / (x1 - x0) * (kWidth - kLeft - 8); };
  const auto y = [&](double v) { return kTop + (y1 - v) / (y1 - y0) * (kHeight - kTop - kBottom); };
  std::string svg = absl::StrFormat(
      "<figure><figcaption>%s</figcaption><svg viewBox=\"0 0 %d %d\">"
      "<text x=\"%d\" y=\"%d\" class=\"y\">%.4g</text><text x=\"%d\" y=\"%d\" "
      "class=\"y\">%.4g</text>"
      "<text x=\"%d\" y=\"%d\">%.0f</text><text x=\"%d\" y=\"%d\" class=\"y\">step %.0f</text>",
      Escape(title), kWidth, kHeight, kLeft - 6, kTop + 10, y1, kLeft - 6, kHeight - kBottom, y0,
      kLeft, kHeight - 6, x0, kWidth - 8, kHeight - 6, x1);
  for (size_t i = 0; i < all.size(); ++i) {
    absl::StrAppend(&svg, "<polyline class=\"", i == 0 ? "line" : "mark", "\" points=\"");
    for (const Point& p : all[i].second)
      absl::StrAppendFormat(&svg, "%.1f,%.1f ", x(p.step), y(p.value));
    absl::StrAppend(&svg, "\"><title>", Escape(all[i].first), "</title></polyline>");
  }
  return svg + "</svg></figure>\n";
}

constexpr char kStyle[] =
    "body{font:15px/1.5 sans-serif;max-width:980px;margin:2em auto;padding:0 1em;color:#222}"
    "figure{display:inline-block;width:470px;margin:0 6px 14px 0}figcaption{font-weight:600}"
    "svg{width:100%;background:#f7f7f9}svg text{font-size:11px;fill:#666}svg .y{text-anchor:end}"
    ".line{fill:none;stroke:#1463b0;stroke-width:1.5}.mark{fill:none;stroke:#c33;stroke-dasharray:"
    "4 3}"
    "table{border-collapse:collapse}td{padding:2px 14px 2px 0;border-bottom:1px solid #eee}"
    "td+td{text-align:right}pre{background:#f7f7f9;padding:1em;overflow:auto}";

}  // namespace

std::string ReportHtml(const std::string& name, const std::string& metrics_jsonl,
                       const std::string& pipeline_text) {
  const Metrics metrics = Parse(metrics_jsonl);
  std::string html =
      absl::StrCat("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>", Escape(name),
                   "</title><style>", kStyle, "</style>\n<h1>", Escape(name), "</h1>\n");
  if (!metrics.latest.empty()) {
    absl::StrAppend(&html, "<h2>Evaluation</h2><table>\n");
    for (const auto& [figure, value] : metrics.latest) {
      absl::StrAppendFormat(&html, "<tr><td>%s</td><td>%.5g</td></tr>\n", Escape(figure), value);
    }
    absl::StrAppend(&html, "</table>\n");
  }
  absl::StrAppend(&html, "<h2>Training</h2>\n");
  for (const auto& [metric, series] : metrics.training) {
    if (metric == "loss_chance" || metric == "loss_floor") continue;
    std::vector<std::pair<std::string, Series>> lines = {{metric, series}};
    if (metric == "loss") {
      for (const char* landmark : {"loss_chance", "loss_floor"}) {
        const auto it = metrics.training.find(landmark);
        if (it != metrics.training.end()) lines.emplace_back(landmark, it->second);
      }
    }
    absl::StrAppend(&html, Chart(metric, lines));
  }
  for (const auto& [figure, series] : metrics.evaluation) {
    if (series.size() > 1) absl::StrAppend(&html, Chart(figure, {{figure, series}}));
  }
  return absl::StrCat(html, "<h2>Pipeline</h2><pre>", Escape(pipeline_text), "</pre></html>\n");
}

absl::Status WriteReport(const RunDirectory& run, const std::string& name) {
  const absl::StatusOr<std::string> metrics = ReadFile(run.metrics_path());
  if (!metrics.ok()) return metrics.status();
  const absl::StatusOr<std::string> pipeline = ReadFile(run.pipeline_path());
  if (!pipeline.ok()) return pipeline.status();
  const std::string report = ReportHtml(name, *metrics, *pipeline);
  const absl::StatusOr<std::string> there = ReadFile(run.report_path());
  if (there.ok() && *there == report) return absl::OkStatus();
  return WriteFileAtomically(run.report_path(), report);
}

}  // namespace pretext
