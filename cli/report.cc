#include "pipelines/report/report.h"

#include <cstdio>

#include "absl/flags/declare.h"
#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "cli/command.h"
#include "cli/out_path.h"

namespace pretext {

absl::Status ReportCommand(const std::vector<std::string>& arguments) {
  constexpr size_t kMostRuns = 50;  // more cannot be told apart
  if (auto status = CheckArguments("report", arguments, 1, kMostRuns); !status.ok()) return status;
  std::vector<RunFiles> runs;
  for (const std::string& argument : arguments) {
    absl::StatusOr<RunFiles> run = ReadRun(argument);
    if (!run.ok()) return run.status();
    for (const std::string& damage : run->damage)
      std::fprintf(stderr, "warning: %s\n", damage.c_str());
    runs.push_back(*std::move(run));
  }
  const bool anew = OutFlag().empty() && runs.size() == 1;
  std::string out = absl::StrCat(runs[0].path, "/report.html");
  if (anew) {
    if (absl::Status status = WriteReport(runs[0]); !status.ok()) return status;
  } else {
    const absl::StatusOr<std::string> asked = OutPath(Result::kPage, {});
    if (!asked.ok()) return asked.status();
    out = *asked;
    const std::string page = runs.size() == 1 ? ReportHtml(runs[0]) : ComparisonHtml(runs);
    if (absl::Status status = WriteFileAtomically(out, page); !status.ok()) return status;
  }
  std::fprintf(SaidBeside(out), "%s\n", out.c_str());
  return absl::OkStatus();
}

}  // namespace pretext
