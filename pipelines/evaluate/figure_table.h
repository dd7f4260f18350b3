// The figures of an evaluation as the table that terminal and report show: a line for h, its
// validation split and each baseline, a column a figure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pretext {

struct FigureTable {
  std::vector<std::string> columns;  // "mse", "knn_k10", in the order of the figures
  struct Row {
    std::string title;                         // "h", "raw input"
    std::vector<std::optional<double>> cells;  // one a column
  };
  std::vector<Row> rows;  // those that have a cell
};

FigureTable MakeFigureTable(const std::vector<std::pair<std::string, double>>& figures);

// A cell as it is shown: four significant digits, or nothing.
std::string FigureCell(const std::optional<double>& cell);

}  // namespace pretext
