#include <cstdio>

#include "cli/command.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/assembly/description.h"

namespace pretext {

absl::Status ValidateCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("validate", arguments, 1, 1); !status.ok()) return status;
  const auto parts = AssembleFile(arguments[0], Overrides());
  if (!parts.ok()) return parts.status();
  std::fputs(DescribePipeline(*parts).c_str(), stdout);
  return absl::OkStatus();
}

}  // namespace pretext
