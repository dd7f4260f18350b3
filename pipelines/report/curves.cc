#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "evaluation/figures/figures.h"
#include "pipelines/drawing/chart.h"
#include "pipelines/drawing/html.h"
#include "pipelines/report/sections.h"

namespace pretext {
namespace {

using Runs = std::vector<const RunFiles*>;

std::string NameOf(const Runs& runs, const RunFiles& run, const std::string& series) {
  return runs.size() > 1 ? absl::StrCat(run.name, " ", series) : series;
}

std::string HeldOutName(const RunFiles& run) {
  std::string name;
  for (const HistoryEvaluation& evaluation : run.history.evaluations()) {
    name = HeldOutLossName(evaluation.figures);
    if (OfValidation(name)) return name;
  }
  return name;
}

std::string LossChart(const Runs& runs) {
  std::vector<ChartLine> lines;
  for (const RunFiles* run : runs) {
    lines.push_back({NameOf(runs, *run, "training"), run->history.training("loss")});
    const std::string held_out = HeldOutName(*run);
    if (held_out.empty()) continue;
    lines.push_back({.name = NameOf(runs, *run, held_out),
                     .series = run->history.evaluation(held_out),
                     .points = true});
  }
  for (const auto& [metric, name] :
       {std::pair("loss_chance", "chance"), std::pair("loss_floor", "floor")}) {
    for (const RunFiles* run : runs) {
      const HistorySeries& series = run->history.training(metric);
      if (series.empty()) continue;
      lines.push_back({.name = NameOf(runs, *run, name), .series = series, .landmark = true});
    }
  }
  return ChartHtml("curve-loss", "loss", lines);
}

template <typename SeriesOf>
std::string Chart(const Runs& runs, const std::string& metric, bool points, SeriesOf series_of) {
  std::vector<ChartLine> lines;
  for (const RunFiles* run : runs) {
    lines.push_back(
        {.name = NameOf(runs, *run, metric), .series = series_of(run->history), .points = points});
  }
  return ChartHtml(absl::StrCat("curve-", metric), metric, lines);
}

}  // namespace

std::string CurvesSection(const std::vector<const RunFiles*>& runs) {
  std::set<std::string> metrics, figures;
  for (const RunFiles* run : runs) {
    for (const auto& [name, series] : run->history.training()) metrics.insert(name);
    if (run->history.evaluations().empty()) continue;
    for (const auto& [name, value] : run->history.evaluations().back().figures) {
      // A figure that was measured once is in the table.
      const HistorySeries series = run->history.evaluation(name);
      const bool moves = std::any_of(series.begin(), series.end(), [&](const HistoryPoint& point) {
        return point.value != series.front().value;
      });
      if (moves) figures.insert(name);
    }
  }
  for (const char* elsewhere : {"loss", "loss_chance", "loss_floor"}) metrics.erase(elsewhere);
  std::string charts = LossChart(runs);
  for (const std::string& figure : figures) {
    absl::StrAppend(&charts, Chart(runs, figure, true, [&](const RunHistory& history) {
      return history.evaluation(figure);
    }));
  }
  std::string more;
  for (const std::string& metric : metrics) {
    // Beside the loss what tells of h; the rest is for who looks for it.
    const bool of_h = metric.rfind("h_", 0) == 0 || metric == "z_spread" || metric == "alignment" ||
                      metric == "uniformity";
    absl::StrAppend(of_h ? &charts : &more,
                    Chart(runs, metric, false,
                          [&](const RunHistory& history) { return history.training(metric); }));
  }
  if (charts.empty() && more.empty()) return "";
  return absl::StrCat("<h2 id=\"curves\">Curves</h2>\n<div class=\"charts\">\n", charts, "</div>\n",
                      more.empty() ? ""
                                   : absl::StrCat("<details><summary>More curves</summary>\n<div "
                                                  "class=\"charts\">\n",
                                                  more, "</div></details>\n"));
}

}  // namespace pretext
