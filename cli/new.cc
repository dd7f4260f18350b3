#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "absl/flags/flag.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "base/text/shell_word.h"
#include "cli/command.h"
#include "cli/out_path.h"
#include "pipelines/new_plugin/new_plugin.h"

ABSL_FLAG(
    std::string, pretext, "",
    "where pretext's sources are; where it is not said, the working directory or the checkout "
    "that `bazelw run` started the program from");

namespace pretext {
namespace {

std::string Absolute(const std::string& path) {
  if (path.empty() || path[0] == '/') return path;
  char directory[4096];
  if (getcwd(directory, sizeof(directory)) == nullptr) return path;
  return absl::StrCat(directory, path == "." ? "" : "/" + path);
}

std::string Checkout() {
  if (const std::string given = absl::GetFlag(FLAGS_pretext); !given.empty())
    return Absolute(given);
  const char* started = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  for (const std::string& path : {Absolute("."), std::string(started == nullptr ? "" : started)}) {
    const absl::StatusOr<PathKind> kind = KindOfPath(path + "/tools/plugin.bzl");
    if (!path.empty() && kind.ok() && *kind == PathKind::kFile) return path;
  }
  return "";
}

}  // namespace

absl::Status NewCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("new", arguments, 2, 2); !status.ok()) return status;
  const absl::StatusOr<std::string> folder = OutFolder();
  if (!folder.ok()) return folder.status();
  const std::string out = Absolute(*folder);
  const auto files = NewPluginFiles(
      {.kind = arguments[0], .name = arguments[1], .out = out, .pretext = Checkout()});
  if (!files.ok()) return files.status();
  if (absl::Status status = WriteNewFiles(*files); !status.ok()) return status;
  std::string package;
  for (const auto& [path, text] : *files) {
    std::printf("%s\n", path.c_str());
    if (absl::EndsWith(path, ".proto")) package = ParentOf(path);
  }
  const std::string name = package.substr(package.rfind('/') + 1);
  if (out.empty()) {
    std::printf("try it: ./bazelw test //%s:all\n",
                package.substr(package.rfind('/', package.size() - name.size() - 2) + 1).c_str());
  } else {
    if (files->count(out + "/WORKSPACE") == 0) {
      std::printf(
          "the workspace is there already: add \"//%s\" to the deps of pretext in %s/BUILD\n",
          name.c_str(), out.c_str());
    }
    std::printf(
        "try it: cd %s && ./bazelw test //... && ./bazelw run //:pretext -- train %s.textproto\n",
        ShellWord(out).c_str(), name.c_str());
  }
  return absl::OkStatus();
}

}  // namespace pretext
