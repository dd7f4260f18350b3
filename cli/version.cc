#include <cstdio>

#include "absl/flags/flag.h"
#include "cli/command.h"
#include "cli/system_info.h"
#include "processes/start.h"

ABSL_FLAG(bool, verbose, false,
          "also the processor, the kernels in use, threads and measured speed");

namespace pretext {

absl::Status VersionCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("version", arguments, 0, 0); !status.ok()) return status;
  std::printf("pretext %s\n", kVersion);
  const SystemInfo info = GetSystemInfo();
  const std::string text =
      absl::GetFlag(FLAGS_verbose) ? FormatSystemInfo(info, MeasureGemm(0.5)) : FormatBuild(info);
  std::fputs(text.c_str(), stdout);
  std::printf("MPI          %s\n", DescribeLauncher().c_str());
  return absl::OkStatus();
}

}  // namespace pretext
