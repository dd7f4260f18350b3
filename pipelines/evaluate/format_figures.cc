#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "evaluation/figures/figures.h"
#include "pipelines/evaluate/evaluation.h"

namespace pretext {

std::string FormatFigures(const Figures& figures) {
  std::vector<absl::string_view> columns;
  for (const auto& [name, value] : figures.values) {
    const absl::string_view column = PlaceOfFigure(name).column;
    if (std::find(columns.begin(), columns.end(), column) == columns.end())
      columns.push_back(column);
  }
  if (columns.empty()) return "evaluation   nothing to measure";
  std::string text = absl::StrFormat("%-12s", "evaluation");
  const auto width = [](absl::string_view column) {
    return std::max<int>(10, static_cast<int>(column.size()));
  };
  for (const absl::string_view column : columns) {
    absl::StrAppendFormat(&text, " %*s", width(column), column);
  }
  const bool language = std::find(columns.begin(), columns.end(), "masked_loss") != columns.end();
  for (int row = 0; row < kFigureRows; ++row) {
    std::string line;
    bool any = false;
    for (const absl::string_view column : columns) {
      const auto found =
          std::find_if(figures.values.begin(), figures.values.end(), [&](const auto& figure) {
            const FigurePlace place = PlaceOfFigure(figure.first);
            return place.row == row && place.column == column;
          });
      any |= found != figures.values.end();
      absl::StrAppendFormat(
          &line, " %*s", width(column),
          found == figures.values.end() ? "" : absl::StrFormat("%.4g", found->second));
    }
    if (any) absl::StrAppendFormat(&text, "\n%-12s%s", FigureRowTitle(row, language), line);
  }
  return text;
}

}  // namespace pretext
