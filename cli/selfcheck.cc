#include "pipelines/selfcheck/selfcheck.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file/folder.h"
#include "base/file/looked_for_at.h"
#include "cli/command.h"

namespace pretext {

absl::Status SelfcheckCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("selfcheck", arguments, 0, 1); !status.ok()) return status;
  const std::string folder = arguments.empty() ? "." : arguments[0];
  const absl::StatusOr<PathKind> kind = KindOfPath(folder);
  if (!kind.ok()) return kind.status();
  if (*kind != PathKind::kFolder) {
    return absl::InvalidArgumentError(
        absl::StrCat(folder, ": is no folder, and files are tried in one", LookedForAt(folder)));
  }
  int failed = 0;
  for (const SelfCheck& check : SelfChecks(folder)) {
    const absl::Time start = absl::Now();
    const CheckResult result = check.run();
    failed += result.passed ? 0 : 1;
    std::printf("%-6s %-13s %s (%.1f s)\n", result.passed ? "ok" : "FAILED", check.name,
                result.text.c_str(), absl::ToDoubleSeconds(absl::Now() - start));
    std::fflush(stdout);
  }
  if (failed == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(
      failed,
      " of the checks failed: this program does not compute here what it should. `pretext "
      "version --verbose` says what it runs on"));
}

}  // namespace pretext
