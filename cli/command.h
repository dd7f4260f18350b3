// A command of the pretext program: `pretext NAME ARGUMENT… --flag=…`.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pretext {

// A flag that a command takes: the ABSL_FLAG of that name has its type, its default and its help.
struct CommandFlag {
  const char* name;
  const char* value;      // "FILE.png", for the help text; "" of a switch
  bool repeated = false;  // may be given more than once; else that is a fault
};

struct Command {
  const char* name;
  const char* arguments;  // "PIPELINE", for the usage line
  const char* summary;    // one line
  std::vector<CommandFlag> flags;
  absl::Status (*run)(const std::vector<std::string>& arguments);
  const char* example;           // the words after "pretext "
  bool among_processes = false;  // shares its work among those that an mpirun has started
};

// In the order of the help text.
const std::vector<Command>& Commands();

absl::Status InitCommand(const std::vector<std::string>& arguments);
absl::Status TrainCommand(const std::vector<std::string>& arguments);
absl::Status ReproCommand(const std::vector<std::string>& arguments);
absl::Status ValidateCommand(const std::vector<std::string>& arguments);
absl::Status PreviewCommand(const std::vector<std::string>& arguments);
absl::Status ReportCommand(const std::vector<std::string>& arguments);
absl::Status RunsCommand(const std::vector<std::string>& arguments);
absl::Status PluginsCommand(const std::vector<std::string>& arguments);
absl::Status TokenizerCommand(const std::vector<std::string>& arguments);
absl::Status TokenizeCommand(const std::vector<std::string>& arguments);
absl::Status FillMaskCommand(const std::vector<std::string>& arguments);
absl::Status EmbedCommand(const std::vector<std::string>& arguments);
absl::Status NeighboursCommand(const std::vector<std::string>& arguments);
absl::Status EvalCommand(const std::vector<std::string>& arguments);
absl::Status ExportCommand(const std::vector<std::string>& arguments);
absl::Status NewCommand(const std::vector<std::string>& arguments);
absl::Status SelfcheckCommand(const std::vector<std::string>& arguments);
absl::Status VersionCommand(const std::vector<std::string>& arguments);

// The program's version, kept with every run.
inline constexpr char kVersion[] = "0.1.0";

// Trains a pipeline as a new run, or goes on with the run `resume`, until its end, with the lines
// for a person; gives the run's folder.
absl::StatusOr<std::string> TrainToEnd(const std::string& pipeline, const std::string& resume);

// Every --override, in order.
const std::vector<std::string>& Overrides();

// InvalidArgument with the command's usage unless there are between `least` and `most` arguments.
absl::Status CheckArguments(const char* command, const std::vector<std::string>& arguments,
                            size_t least, size_t most);

}  // namespace pretext
