#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pipelines/evaluate/evaluation.h"

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

bool HigherIsBetter(const std::string& name) {
  for (const char* lower : {"mse", "loss", "perplexity", "bits_per"}) {
    if (absl::StrContains(name, lower)) return false;
  }
  return true;
}

std::string FormatFigures(const Figures& figures) {
  std::vector<absl::string_view> columns;
  for (const auto& [name, value] : figures.values) {
    const absl::string_view column = RowOf(name).second;
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
  for (size_t row = 0; row < std::size(kRows); ++row) {
    std::string line;
    bool any = false;
    for (const absl::string_view column : columns) {
      const auto found =
          std::find_if(figures.values.begin(), figures.values.end(), [&](const auto& figure) {
            return RowOf(figure.first) == std::pair{row, column};
          });
      any |= found != figures.values.end();
      absl::StrAppendFormat(
          &line, " %*s", width(column),
          found == figures.values.end() ? "" : absl::StrFormat("%.4g", found->second));
    }
    // A masked language model is judged by its predictions, the others by h.
    const absl::string_view name = row == 0 && language ? "model" : kRows[row].second;
    if (any) absl::StrAppendFormat(&text, "\n%-12s%s", name, line);
  }
  return text;
}

}  // namespace pretext
