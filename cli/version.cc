#include <cstdio>

#include "absl/flags/flag.h"
#include "cli/command.h"
#include "cli/system_info.h"

ABSL_FLAG(bool, verbose, false,
          "version: also processor, libraries, kernels in use, threads and measured speed.");

namespace pretext {

absl::Status VersionCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("version", arguments, 0, 0); !status.ok()) return status;
  std::printf("pretext %s\n", kVersion);
  if (absl::GetFlag(FLAGS_verbose)) {
    std::fputs(FormatSystemInfo(GetSystemInfo(), MeasureGemm(0.5)).c_str(), stdout);
  }
  return absl::OkStatus();
}

}  // namespace pretext
