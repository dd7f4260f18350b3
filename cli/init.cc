#include "pipelines/init/init.h"

#include <cstdio>

#include "absl/flags/flag.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/text/shell_word.h"
#include "cli/command.h"
#include "cli/out_path.h"

ABSL_FLAG(std::string, method, "",
          "autoencoder, simclr or masked_lm; where it is not said, what suits the data");
ABSL_FLAG(double, hours, 8, "that the training may take on this machine");

namespace pretext {
namespace {

// The name of the run, by the file's.
std::string NameOf(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  if (absl::EndsWith(name, ".textproto")) name.resize(name.size() - 10);
  for (char& c : name) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '-' && c != '.') c = '_';
  }
  if (name.empty() || name[0] == '.') name = "run" + name;
  return name.substr(0, 100);
}

}  // namespace

absl::Status InitCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("init", arguments, 1, 1); !status.ok()) return status;
  const absl::StatusOr<std::string> out = OutPath(Result::kPipeline, arguments);
  if (!out.ok()) return out.status();
  std::FILE* const said = SaidBeside(*out);
  std::fprintf(said, "looking at %s and measuring this machine …\n", arguments[0].c_str());
  std::fflush(said);
  const absl::StatusOr<Proposed> proposed = ProposePipeline({.data = arguments[0],
                                                             .method = absl::GetFlag(FLAGS_method),
                                                             .name = NameOf(*out),
                                                             .hours = absl::GetFlag(FLAGS_hours)});
  if (!proposed.ok()) return proposed.status();
  if (absl::Status status = WriteFileAtomically(*out, proposed->text); !status.ok()) return status;
  std::fputs(proposed->summary.c_str(), said);
  std::fprintf(said, "written: %s. Read it, then: pretext train %s\n", out->c_str(),
               ShellWord(*out).c_str());
  return absl::OkStatus();
}

}  // namespace pretext
