#include <cstdio>

#include "cli/command.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/assembly/data_checks.h"
#include "pipelines/assembly/description.h"
#include "pipelines/memory/memory_check.h"

namespace pretext {

absl::Status ValidateCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("validate", arguments, 1, 1); !status.ok()) return status;
  const auto parts = AssembleFile(arguments[0], Overrides());
  if (!parts.ok()) return parts.status();
  if (auto status = CheckAgainstExtent(*parts); !status.ok()) return status;
  const absl::StatusOr<std::string> memory = CheckAndDescribeMemory(*parts);
  if (!memory.ok()) return memory.status();
  std::fputs((DescribePipeline(*parts) + *memory).c_str(), stdout);
  for (const std::string& warning : WarningsOfParts(*parts))
    std::fprintf(stderr, "warning: %s\n", warning.c_str());
  return absl::OkStatus();
}

}  // namespace pretext
