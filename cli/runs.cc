#include <cstdio>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/text/one_line.h"
#include "cli/command.h"
#include "pipelines/report/result_table.h"

ABSL_DECLARE_FLAG(bool, json);
ABSL_FLAG(
    std::string, sort, "",
    "the figure by which runs are sorted, the best first, such as probe or test_mse; or name, "
    "state, loss, epoch, seconds");

namespace pretext {

absl::Status RunsCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("runs", arguments, 0, 1); !status.ok()) return status;
  const std::string folder = arguments.empty() ? "runs" : arguments[0];
  const absl::StatusOr<std::vector<std::string>> found = FindRuns(folder);
  if (!found.ok()) return found.status();
  std::vector<RunFiles> runs;
  for (const std::string& path : *found) {
    absl::StatusOr<RunFiles> run = ReadRun(path);
    if (!run.ok()) return run.status();
    runs.push_back(*std::move(run));
  }
  if (runs.empty()) {
    return absl::NotFoundError(absl::StrCat(
        folder, ": no runs in it. A run's folder is what `pretext train` names at its start"));
  }
  ResultTable table = MakeResultTable(runs);
  const std::string by = absl::GetFlag(FLAGS_sort);
  if (!by.empty()) {
    if (absl::Status status = SortResults(by, table); !status.ok()) return status;
  }
  if (absl::GetFlag(FLAGS_json)) {
    std::fputs(ResultsAsJson(table).c_str(), stdout);
    return absl::OkStatus();
  }
  std::fputs(FormatResults(table).c_str(), stdout);
  for (const RunFiles& run : runs) {
    for (const std::string& damage : run.damage)
      std::printf("damaged: %s\n", OnOneLine(absl::StrCat(run.path, ": ", damage)).c_str());
  }
  return absl::OkStatus();
}

}  // namespace pretext
