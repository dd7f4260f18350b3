#include "pipelines/preview/preview.h"

#include <cstdio>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "cli/out_path.h"

ABSL_FLAG(int, samples, 8, "rows of the sheet, each a sample and its views; at most 100");
ABSL_FLAG(int, draws, 3, "how often the views of each sample are drawn; at most 100");

namespace pretext {
namespace {

constexpr int kMost = 100;

absl::Status CheckCount(const char* flag, int count) {
  if (count >= 1 && count <= kMost) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, " is a number from 1 to ", kMost, "; it is ", count));
}

}  // namespace

absl::Status PreviewCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("preview", arguments, 1, 1); !status.ok()) return status;
  const absl::StatusOr<std::string> out = OutPath(Result::kSheet, arguments);
  if (!out.ok()) return out.status();
  const PreviewOptions options{.samples = absl::GetFlag(FLAGS_samples),
                               .draws = absl::GetFlag(FLAGS_draws)};
  if (auto status = CheckCount("samples", options.samples); !status.ok()) return status;
  if (auto status = CheckCount("draws", options.draws); !status.ok()) return status;
  const auto parts = AssembleFile(arguments[0], Overrides());
  if (!parts.ok()) return parts.status();
  const absl::StatusOr<std::string> line = WritePreview(*parts, options, *out);
  if (!line.ok()) return line.status();
  std::fprintf(SaidBeside(*out), "%s\n", line->c_str());
  return absl::OkStatus();
}

}  // namespace pretext
