// `pretext new`: the package of a plugin to begin from, in this repository or in a workspace of its
// own.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pretext {

struct NewPlugin {
  std::string kind;     // "encoder", "loss" …
  std::string name;     // of the config message: "Maxout"
  std::string out;      // the folder that gets the package; empty: by the kind, in `pretext`
  std::string pretext;  // where this repository is: the path that WORKSPACE gets
};

// The files, by their path: the package's, and outside of the repository a pipeline, and where
// `out` is no workspace yet, a workspace's (WORKSPACE, bazelw, BUILD). Errors: no such kind, a name
// that is none or that a plugin has, a `pretext` that is no checkout.
absl::StatusOr<std::map<std::string, std::string>> NewPluginFiles(const NewPlugin& plugin);

// Writes them, or nothing where one of them is there already.
absl::Status WriteNewFiles(const std::map<std::string, std::string>& files);

// "MaxOut" of "max_out" and "MaxOut" alike.
std::string CamelCase(const std::string& name);

}  // namespace pretext
