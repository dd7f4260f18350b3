#include <cstdio>

#include "cli/command.h"
#include "pipelines/listing/plugin_listing.h"

namespace pretext {

absl::Status PluginsCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("plugins", arguments, 0, 1); !status.ok()) return status;
  const std::string what = arguments.empty() ? "" : arguments[0];
  const absl::StatusOr<std::string> listing =
      what == "pipeline" ? DescribePipelineFields() : ListPlugins(what);
  if (!listing.ok()) return listing.status();
  std::fputs(listing->c_str(), stdout);
  return absl::OkStatus();
}

}  // namespace pretext
