#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "pipelines/drawing/html.h"
#include "pipelines/report/report.h"
#include "pipelines/report/result_table.h"
#include "pipelines/report/sections.h"
#include "pipelines/text/config_differences.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/verdicts/verdicts.h"

namespace pretext {
namespace {

std::string Results(const std::vector<RunFiles>& runs) {
  const ResultTable table = MakeResultTable(runs);
  std::vector<std::string> columns = {"run"};
  for (const std::string& column : table.columns) columns.push_back(EscapeHtml(column));
  std::vector<std::vector<std::string>> rows;
  for (const ResultTable::Row& row : table.rows) {
    std::vector<std::string>& cells = rows.emplace_back();
    cells.push_back(EscapeHtml(row.name));
    for (size_t c = 0; c < table.columns.size(); ++c) {
      const std::string text = FigureCell(row.figures[c]);
      cells.push_back(row.figures[c] && table.best[c] == row.figures[c] && runs.size() > 1
                          ? absl::StrCat("<strong>", text, "</strong>")
                          : text);
    }
  }
  return TableHtml("The latest evaluation of each; the best of a column is bold", columns, rows);
}

// A line for each field that two of the pipelines have not the same, with the value that it has in
// each; empty where a pipeline has no such field.
std::string Differences(const std::vector<RunFiles>& runs) {
  std::vector<std::string> paths;
  std::set<std::string> seen = {"name", "output.directory"};
  std::vector<std::map<std::string, std::string>> values;
  for (size_t r = 0; r < runs.size(); ++r) {
    values.push_back(FieldsOf(*runs[r].pipeline.config));
    for (size_t before = 0; before < r; ++before) {
      for (const ConfigDifference& d :
           CompareConfigs(*runs[before].pipeline.config, *runs[r].pipeline.config)) {
        if (seen.insert(d.path).second) paths.push_back(d.path);
      }
    }
  }
  if (paths.empty()) return "<p>Their pipelines are the same.</p>\n";
  std::vector<std::string> columns = {"field"};
  for (const RunFiles& run : runs) columns.push_back(EscapeHtml(run.name));
  std::vector<std::vector<std::string>> rows;
  for (const std::string& path : paths) {
    std::vector<std::string>& cells = rows.emplace_back();
    cells.push_back(EscapeHtml(path));
    for (const auto& of : values) {
      const auto value = of.find(path);
      cells.push_back(value == of.end() ? "" : EscapeHtml(value->second));
    }
  }
  return TableHtml("Fields of the pipelines that differ", columns, rows);
}

}  // namespace

std::string ComparisonHtml(const std::vector<RunFiles>& given) {
  std::string body = absl::StrCat("<h1>", given.size(), " runs</h1>\n<ul>\n");
  std::vector<const RunFiles*> shown;
  for (const RunFiles& run : given) shown.push_back(&run);
  for (const RunFiles& run : given) {
    absl::StrAppend(&body, "<li><strong>", EscapeHtml(run.name), "</strong> <span class=\"soft\">",
                    EscapeHtml(run.path), ", ", EscapeHtml(run.StateInWords()), "</span><br>",
                    EscapeHtml(Headline(JudgeRun({run.history, run.data.features()}))));
    for (const std::string& damage : run.damage)
      absl::StrAppend(&body, "<br><strong>Damaged:</strong> ", EscapeHtml(damage));
    absl::StrAppend(&body, "</li>\n");
  }
  absl::StrAppend(&body, "</ul>\n<h2 id=\"results\">Results</h2>\n", Results(given),
                  "<h2 id=\"differences\">What differs</h2>\n", Differences(given),
                  CurvesSection(shown));
  return PageHtml(absl::StrCat(given.size(), " runs"), body, false);
}

}  // namespace pretext
