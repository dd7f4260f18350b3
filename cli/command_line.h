// The words after `pretext COMMAND`: flags, which belong to their command, and arguments.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/command.h"

namespace pretext {

struct CommandLine {
  std::vector<std::string> arguments;  // what is no flag, in order
  bool help = false;                   // --help was among the flags
};

// Sets the command's flags by --flag=VALUE, --flag VALUE, --switch and --noswitch, with one dash or
// two; after "--" all is arguments. Errors, InvalidArgument, name the flag and the command: one
// that the command does not take (with the one that was probably meant, or the commands that do
// take it), one without its value, a value that is none of the flag's type.
absl::StatusOr<CommandLine> ParseCommandLine(const Command& command,
                                             const std::vector<std::string>& words);

// `pretext --help`: every command.
std::string ProgramHelp();

// `pretext COMMAND --help`: its flags with their defaults, and the exit statuses.
std::string CommandHelp(const Command& command);

}  // namespace pretext
