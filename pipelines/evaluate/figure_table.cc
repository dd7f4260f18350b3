#include "pipelines/evaluate/figure_table.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace pretext {
namespace {

// The prefixes of baselines, and what a reader is told they are.
constexpr std::pair<absl::string_view, absl::string_view> kRows[] = {{"", "h"},
                                                                     {"validation_", "validation"},
                                                                     {"raw_", "raw input"},
                                                                     {"pca_", "PCA"},
                                                                     {"untrained_", "untrained h"},
                                                                     {"unigram_", "unigram"},
                                                                     {"bigram_", "bigram"}};

// Splits "pca_test_mse" into its row and "test_mse".
std::pair<size_t, absl::string_view> RowOf(absl::string_view name) {
  for (size_t row = 1; row < std::size(kRows); ++row) {
    if (absl::StartsWith(name, kRows[row].first))
      return {row, name.substr(kRows[row].first.size())};
  }
  return {0, name};
}

}  // namespace

FigureTable MakeFigureTable(const std::vector<std::pair<std::string, double>>& figures) {
  FigureTable table;
  for (const auto& [name, value] : figures) {
    const std::string column(RowOf(name).second);
    if (std::find(table.columns.begin(), table.columns.end(), column) == table.columns.end())
      table.columns.push_back(column);
  }
  // A masked language model is judged by its predictions, the others by h.
  const bool language =
      std::find(table.columns.begin(), table.columns.end(), "masked_loss") != table.columns.end();
  for (size_t row = 0; row < std::size(kRows); ++row) {
    FigureTable::Row made{std::string(row == 0 && language ? "model" : kRows[row].second), {}};
    made.cells.resize(table.columns.size());
    bool any = false;
    for (const auto& [name, value] : figures) {
      const auto [of, column] = RowOf(name);
      if (of != row) continue;
      const auto at = std::find(table.columns.begin(), table.columns.end(), column);
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
