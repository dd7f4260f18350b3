#include "pipelines/evaluate/figure_table.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "evaluation/figures/figures.h"

namespace pretext {

FigureTable MakeFigureTable(const std::vector<std::pair<std::string, double>>& figures) {
  FigureTable table;
  for (const auto& [name, value] : figures) {
    const std::string column(PlaceOfFigure(name).column);
    if (std::find(table.columns.begin(), table.columns.end(), column) == table.columns.end())
      table.columns.push_back(column);
  }
  // A masked language model is judged by its predictions, the others by h.
  const bool language =
      std::find(table.columns.begin(), table.columns.end(), "masked_loss") != table.columns.end();
  for (int row = 0; row < kFigureRows; ++row) {
    FigureTable::Row made{std::string(FigureRowTitle(row, language)), {}};
    made.cells.resize(table.columns.size());
    bool any = false;
    for (const auto& [name, value] : figures) {
      const FigurePlace place = PlaceOfFigure(name);
      if (place.row != row) continue;
      const auto at = std::find(table.columns.begin(), table.columns.end(), place.column);
      made.cells[static_cast<size_t>(at - table.columns.begin())] = value;
      any = true;
    }
    if (any) table.rows.push_back(std::move(made));
  }
  return table;
}

std::string FigureCell(const std::optional<double>& cell) {
  return cell ? absl::StrFormat("%.4g", *cell) : std::string();
}

}  // namespace pretext
