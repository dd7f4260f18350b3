#include "pipelines/report/result_table.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/json/json.h"
#include "base/text/nearest.h"
#include "base/text/one_line.h"
#include "evaluation/figures/figures.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/verdicts/trend.h"

namespace pretext {
namespace {

std::string StateName(RunFiles::State state) {
  switch (state) {
    case RunFiles::State::kFinished:
      return "finished";
    case RunFiles::State::kTraining:
      return "training";
    case RunFiles::State::kUnfinished:
      return "unfinished";
  }
  return "";
}

std::string StateOf(const RunFiles& run) {
  return absl::StrCat(StateName(run.state), run.damage.empty() ? "" : ", damaged");
}

bool HigherIsBest(const std::string& column) {
  return column != "loss" && column != "seconds" && HigherIsBetter(column);
}

// Whether values of the training's loss can be compared: of another loss, or of another
// temperature, they cannot.
bool HaveOneLoss(const std::vector<RunFiles>& runs) {
  return std::all_of(runs.begin(), runs.end(), [&](const RunFiles& run) {
    const auto &one = runs.front().pipeline.config->loss(), &other = run.pipeline.config->loss();
    return one.type_url() == other.type_url() && one.value() == other.value();
  });
}

}  // namespace

ResultTable MakeResultTable(const std::vector<RunFiles>& runs) {
  ResultTable table;
  std::map<std::string, int> names;
  for (const RunFiles& run : runs) {
    ++names[run.name];
    if (run.history.evaluations().empty()) continue;
    for (const auto& [name, value] : run.history.evaluations().back().figures) {
      if (OfBaseline(name)) continue;
      if (std::find(table.columns.begin(), table.columns.end(), name) == table.columns.end())
        table.columns.push_back(name);
    }
  }
  for (const char* more : {"loss", "epoch", "seconds"}) table.columns.emplace_back(more);
  for (const RunFiles& run : runs) {
    ResultTable::Row& row = table.rows.emplace_back();
    row.run = &run;
    row.name = names[run.name] > 1 ? absl::StrCat(run.name, " (", run.path, ")") : run.name;
    for (const std::string& column : table.columns) {
      std::optional<double>& figure = row.figures.emplace_back();
      if (column == "loss") {
        if (!run.history.training("loss").empty())
          figure = MeanOfLast(run.history.training("loss"), kRecentLines);
      } else if (column == "epoch") {
        if (run.history.last_step() > 0) figure = run.history.last_epoch();
      } else if (column == "seconds") {
        if (run.history.seconds() > 0) figure = run.history.seconds();
      } else if (const double* value = run.history.latest(column); value != nullptr) {
        figure = *value;
      }
    }
  }
  const bool one_loss = HaveOneLoss(runs);
  for (size_t c = 0; c < table.columns.size(); ++c) {
    std::optional<double>& best = table.best.emplace_back();
    if (table.columns[c] == "epoch") continue;
    if (PlaceOfFigure(table.columns[c]).column == "loss" && !one_loss) continue;
    const bool higher = HigherIsBest(table.columns[c]);
    for (const ResultTable::Row& row : table.rows) {
      const std::optional<double>& value = row.figures[c];
      if (value && (!best || (higher ? *value > *best : *value < *best))) best = value;
    }
  }
  return table;
}

absl::Status SortResults(absl::string_view column, ResultTable& table) {
  const auto by = [&](const auto& before) {
    std::stable_sort(table.rows.begin(), table.rows.end(), before);
    return absl::OkStatus();
  };
  using Row = ResultTable::Row;
  if (column == "name") return by([](const Row& a, const Row& b) { return a.name < b.name; });
  if (column == "state")
    return by([](const Row& a, const Row& b) { return StateOf(*a.run) < StateOf(*b.run); });
  const auto found = std::find(table.columns.begin(), table.columns.end(), column);
  if (found == table.columns.end()) {
    std::vector<std::string> known = table.columns;
    known.insert(known.end(), {"name", "state"});
    return absl::InvalidArgumentError(absl::StrCat("--sort ", column, ": no run has such a figure",
                                                   NearestAndKnown(column, known, "There are")));
  }
  const auto c = static_cast<size_t>(found - table.columns.begin());
  const bool higher = HigherIsBest(*found);
  return by([c, higher](const Row& a, const Row& b) {
    const std::optional<double>&x = a.figures[c], &y = b.figures[c];
    if (!x || !y) return x.has_value() && !y.has_value();
    return higher ? *x > *y : *x < *y;
  });
}

std::string FormatResults(const ResultTable& table) {
  std::vector<std::vector<std::string>> cells = {{"run", "state"}};
  cells[0].insert(cells[0].end(), table.columns.begin(), table.columns.end());
  for (const ResultTable::Row& row : table.rows) {
    std::vector<std::string>& line = cells.emplace_back();
    line = {OnOneLine(row.name), StateOf(*row.run)};
    for (const auto& figure : row.figures) line.push_back(FigureCell(figure));
  }
  std::vector<size_t> widths(cells[0].size());
  for (const auto& line : cells) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (const auto& line : cells) {
    std::string written;
    for (size_t i = 0; i < line.size(); ++i) {
      const std::string room(widths[i] - line[i].size(), ' ');
      absl::StrAppend(&written, i > 0 ? "  " : "", i < 2 ? line[i] : room, i < 2 ? room : line[i]);
    }
    written.erase(written.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, written, "\n");
  }
  return text;
}

std::string ResultsAsJson(const ResultTable& table) {
  std::string text;
  for (const ResultTable::Row& row : table.rows) {
    const RunFiles& run = *row.run;
    JsonObject figures;
    if (!run.history.evaluations().empty()) {
      for (const auto& [name, value] : run.history.evaluations().back().figures)
        figures.Add(name, value);
    }
    JsonObject line;
    line.Add("run", run.path).Add("name", run.name).Add("state", StateName(run.state));
    line.Add("step", static_cast<int64_t>(run.history.last_step()));
    line.Add("epoch", run.history.last_epoch()).Add("seconds", run.history.seconds());
    if (!run.history.training("loss").empty())
      line.Add("loss", MeanOfLast(run.history.training("loss"), kRecentLines));
    line.Add("figures", figures);
    if (!run.damage.empty()) line.Add("damage", absl::StrJoin(run.damage, "\n"));
    absl::StrAppend(&text, line.text(), "\n");
  }
  return text;
}

}  // namespace pretext
