#include "absl/strings/str_cat.h"
#include "pipelines/drawing/html.h"
#include "pipelines/evaluate/figure_table.h"
#include "pipelines/report/sections.h"
#include "pipelines/verdicts/verdicts.h"

namespace pretext {
namespace {

std::string Figures(const HistoryEvaluation& evaluation) {
  const FigureTable table = MakeFigureTable(evaluation.figures);
  if (table.rows.empty()) return "<p>Nothing was measured.</p>\n";
  std::vector<std::string> columns = {"evaluation"};
  for (const std::string& column : table.columns) columns.push_back(EscapeHtml(column));
  std::vector<std::vector<std::string>> rows;
  for (const FigureTable::Row& row : table.rows) {
    std::vector<std::string>& cells = rows.emplace_back();
    cells.push_back(EscapeHtml(row.title));
    for (const auto& cell : row.cells) cells.push_back(FigureCell(cell));
  }
  std::string caption = absl::StrCat("At step ", Figure(evaluation.step));
  if (evaluation.samples > 0) absl::StrAppend(&caption, ", of ", evaluation.samples, " samples");
  return TableHtml(caption, columns, rows);
}

}  // namespace

std::string LearntSection(const RunFiles& run) {
  const std::vector<Verdict> verdicts = JudgeRun({run.history, run.data.features()});
  std::string html = absl::StrCat("<h2 id=\"learnt\">Did it learn?</h2>\n<p class=\"answer\">",
                                  EscapeHtml(Headline(verdicts)), "</p>\n");
  if (run.history.evaluations().empty()) {
    absl::StrAppend(&html, "<p>It was not evaluated yet.</p>\n");
  } else {
    absl::StrAppend(&html, Figures(run.history.evaluations().back()));
  }
  if (verdicts.empty()) return html;
  absl::StrAppend(&html, "<ul class=\"verdicts\">\n");
  for (const Verdict& verdict : verdicts) {
    const auto [kind, mark] = verdict.level == Verdict::Level::kGood ? std::pair("good", "✓ good")
                              : verdict.level == Verdict::Level::kBad ? std::pair("bad", "✗ look")
                                                                      : std::pair("note", "· note");
    absl::StrAppend(&html, "<li class=\"", kind, "\"><span class=\"mark\">", mark, "</span> ",
                    EscapeHtml(verdict.brief), verdict.advice.empty() ? "" : ".",
                    verdict.advice.empty() ? ""
                                           : absl::StrCat(" <span class=\"soft\">",
                                                          EscapeHtml(verdict.advice), "</span>"),
                    "</li>\n");
  }
  return absl::StrCat(html, "</ul>\n");
}

}  // namespace pretext
