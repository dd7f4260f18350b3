// The pretext program. Plugins are what the binary is linked with: //:pretext takes all of this
// workspace's, another workspace links this library with its own.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "base/text/nearest.h"
#include "cli/command.h"
#include "cli/interruption.h"

namespace pretext {
namespace {

std::string Usage() {
  std::string text = "self-supervised pretraining from pipelines\n\n";
  for (const Command& command : Commands()) {
    absl::StrAppend(&text, "  pretext ", command.name, " ", command.arguments, "\n      ",
                    command.summary, "\n");
  }
  return text;
}

absl::Status Run(const std::vector<char*>& words) {
  if (words.size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat("no command\n\n", Usage()));
  }
  std::vector<std::string> names;
  for (const Command& command : Commands()) {
    if (absl::string_view(words[1]) == command.name) {
      return command.run(std::vector<std::string>(words.begin() + 2, words.end()));
    }
    names.push_back(command.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no command ", words[1], DidYouMean(words[1], names), "\n\n", Usage()));
}

}  // namespace
}  // namespace pretext

int main(int argc, char** argv) {
  // `bazel run` starts a program in its runfiles; paths on the command line are the user's.
  if (const char* directory = std::getenv("BUILD_WORKING_DIRECTORY")) {
    if (chdir(directory) != 0) std::perror(directory);
  }
  absl::SetProgramUsageMessage(pretext::Usage());
  const absl::Status status = pretext::Run(absl::ParseCommandLine(argc, argv));
  if (status.ok()) return 0;
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  if (absl::IsCancelled(status)) return pretext::StopExitStatus();
  return status.code() == absl::StatusCode::kInvalidArgument ? 2 : 1;
}
