// Several runs beside each other: a line a run, a column a figure of its latest evaluation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pipelines/evaluate/figure_table.h"
#include "pipelines/report/run_files.h"

namespace pretext {

struct ResultTable {
  // Figures of h ("validation_probe", "test_mse"), not of baselines, in the order in which the runs
  // name them; at the end "loss", training's, the mean of the last kRecentLines lines, "epoch" and
  // "seconds", of steps alone.
  std::vector<std::string> columns;
  struct Row {
    const RunFiles* run = nullptr;
    std::string name;  // of the run; with the path where two have one name
    std::vector<std::optional<double>> figures;  // one a column
  };
  std::vector<Row> rows;
  // Of a column; none where there is no better and worse, as among values of different losses.
  std::vector<std::optional<double>> best;
};

// The runs outlive it.
ResultTable MakeResultTable(const std::vector<RunFiles>& runs);

// The best first; what has no such figure last; equal ones as they were. By "name" and "state" in
// their order. InvalidArgument with the columns that there are.
absl::Status SortResults(absl::string_view column, ResultTable& table);

// As text, its numbers right below each other, with the state of each run.
std::string FormatResults(const ResultTable& table);
// One JSON object a run and line, with all figures of its latest evaluation.
std::string ResultsAsJson(const ResultTable& table);

}  // namespace pretext
