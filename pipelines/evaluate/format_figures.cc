#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pipelines/evaluate/evaluation.h"
#include "pipelines/evaluate/figure_table.h"

namespace pretext {

std::string FormatFigures(const Figures& figures) {
  const FigureTable table = MakeFigureTable(figures.values);
  if (table.columns.empty()) return "evaluation   nothing to measure";
  std::string text = absl::StrFormat("%-12s", "evaluation");
  const auto width = [](const std::string& column) {
    return std::max<int>(10, static_cast<int>(column.size()));
  };
  for (const std::string& column : table.columns)
    absl::StrAppendFormat(&text, " %*s", width(column), column);
  for (const FigureTable::Row& row : table.rows) {
    absl::StrAppendFormat(&text, "\n%-12s", row.title);
    for (size_t c = 0; c < table.columns.size(); ++c)
      absl::StrAppendFormat(&text, " %*s", width(table.columns[c]), FigureCell(row.cells[c]));
  }
  return text;
}

}  // namespace pretext
