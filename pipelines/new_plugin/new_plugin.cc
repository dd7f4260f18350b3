#include "pipelines/new_plugin/new_plugin.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/file/aside.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/file/is_there.h"
#include "base/text/nearest.h"
#include "core/plugin/registry.h"
#include "pipelines/new_plugin/templates.h"

namespace pretext {
namespace {

constexpr char kEnd[] = "\n# Of the template alone.";

// Where a plugin's package is.
struct Place {
  std::string folder;         // on the disk
  std::string prefix;         // of its includes: "encoders/maxout"
  bool of_repository = true;  // or of a workspace of its own
};

std::vector<std::string> Kinds() {
  std::vector<std::string> kinds;
  for (const TemplateFile& file : EmbeddedTemplates()) {
    if (kinds.empty() || kinds.back() != file.kind) kinds.push_back(file.kind);
  }
  return kinds;
}

bool IsCheckout(const std::string& path) {
  return IsThere(path + "/tools/plugin.bzl") && IsThere(path + "/third_party/repositories.bzl");
}

absl::Status CheckName(const NewPlugin& plugin, const std::string& name) {
  const auto fault = [&](const std::string& message) {
    return absl::InvalidArgumentError(absl::StrCat(plugin.name, ": ", message));
  };
  if (name.empty() || !absl::ascii_isalpha(name[0]) || name.size() > 60 ||
      !std::all_of(name.begin(), name.end(), [](char c) { return absl::ascii_isalnum(c); })) {
    return fault("is no name; write one of letters and digits, such as MaxOut or max_out");
  }
  for (const std::string& kind : Kinds()) {
    const std::string class_end = CamelCase(kind);
    if (name == class_end) {
      return fault(absl::StrCat("is what every ", kind, " is; name what this one does"));
    }
    if (absl::EndsWith(name, class_end)) {
      return fault(absl::StrCat("ends in ", class_end, ", which the class gets by itself: ",
                                name.substr(0, name.size() - class_end.size())));
    }
    for (const Plugin* known : PluginsOfKind(kind)) {
      if (known->name == "pretext." + name || known->name == "custom." + name)
        return fault(absl::StrCat("there is a plugin of this name, the ", kind, " ", known->name));
    }
  }
  return absl::OkStatus();
}

// A pipeline of parts that suit each other, with the new one among them.
std::string PipelineWith(const std::string& kind, const std::string& type,
                         const std::string& snake) {
  std::map<std::string, std::string> parts = {
      {"dataset",
       "dataset {\n  [type.googleapis.com/pretext.IdxImages] {\n    images: "
       "\"/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz\"\n    labels: "
       "\"/usr/share/datasets/fashion-mnist/train-labels-idx1-ubyte.gz\"\n    test_images: "
       "\"/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz\"\n    test_labels: "
       "\"/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz\"\n  }\n}\n"},
      {"augmentation", "  augmentation { [type.googleapis.com/pretext.HorizontalFlip] {} }\n"},
      {"encoder", "encoder { [type.googleapis.com/pretext.Mlp] { hidden: 256 code: 32 } }\n"},
      {"head", "head { [type.googleapis.com/pretext.ProjectionMlp] { hidden: 64 output: 32 } }\n"},
      {"loss", "loss { [type.googleapis.com/pretext.NtXent] { temperature: 0.2 } }\n"},
      {"optimizer", "optimizer { [type.googleapis.com/pretext.Adam] { learning_rate: 1e-3 } }\n"}};
  const std::string mine = absl::StrCat(kind, " { [type.googleapis.com/", type, "] {} }\n");
  parts[kind] = (kind == "augmentation" ? "  " : "") + mine;
  return absl::StrCat(
      "# Trains with ", type, ", everything else of it is pretext's.\nname: \"", snake, "\"\n\n",
      parts["dataset"], "\nviews {\n  count: 2\n",
      "  augmentation { [type.googleapis.com/pretext.RandomResizedCrop] { min_area: 0.3 } }\n",
      parts["augmentation"], "}\n\n", parts["encoder"], "\n", parts["head"], "\n", parts["loss"],
      "\n", parts["optimizer"], "\ntrain { epochs: 1 batch_size: 256 seed: 1 }\n");
}

void AddWorkspace(const NewPlugin& plugin, const std::string& folder, const std::string& snake,
                  std::map<std::string, std::string>& files) {
  files[folder + "/WORKSPACE"] = absl::StrCat(
      "workspace(name = \"", snake,
      "_workspace\")\n\n# Where pretext is: the one path to change where that or this is moved.\n"
      "local_repository(\n    name = \"pretext\",\n    path = \"",
      plugin.pretext,
      "\",\n)\n\nload(\"@pretext//third_party:repositories.bzl\", \"pretext_repositories\")\n\n"
      "pretext_repositories()\n");
  files[folder + "/BUILD"] = absl::StrCat(
      "# pretext with everything it ships, and the plugins of this workspace.\ncc_binary(\n"
      "    name = \"pretext\",\n    deps = [\n        \"//",
      snake,
      "\",\n        \"@pretext//cli:main\",\n        \"@pretext_plugins//:all\",\n    ],\n)\n");
  files[folder + "/bazelw"] =
      "#!/bin/bash\n"
      "# pretext's bazelw and its build options, for this workspace. Where pretext is: the path in "
      "WORKSPACE.\n"
      "set -euo pipefail\n"
      "here=$(dirname \"$(readlink -f \"${BASH_SOURCE[0]}\")\")\n"
      "pretext=$(sed -n 's/^ *path = \"\\(.*\\)\",.*/\\1/p' \"$here/WORKSPACE\")\n"
      "[[ $pretext == /* ]] || pretext=$here/$pretext\n"
      "exec \"$pretext/bazelw\" --bazelrc=\"$pretext/.bazelrc\" \"$@\"\n";
}

// The template's text as the plugin's: its names, its package and where its files are.
std::string Renamed(const TemplateFile& file, const std::string& name, const std::string& snake,
                    const Place& place) {
  std::string text = file.text.substr(1);  // behind the line end that embedding puts there
  text = text.substr(0, text.find(kEnd));
  absl::StrReplaceAll(
      {{absl::StrCat("pipelines/new_plugin/templates/", file.kind, "/sketch"), place.prefix},
       {"sketch", snake},
       {"Sketch", name}},
      &text);
  if (place.of_repository) {
    absl::StrReplaceAll({{"\"@pretext//", "\"//"},
                         {"package custom;", "package pretext;"},
                         {"namespace custom", "namespace pretext"},
                         {"using pretext::", "using ::pretext::"}},
                        &text);
  }
  while (absl::EndsWith(text, "\n\n")) text.pop_back();
  return text;
}

}  // namespace

std::string CamelCase(const std::string& name) {
  std::string camel;
  bool upper = true;
  for (const char c : name) {
    if (c == '_' || c == '-') {
      upper = true;
      continue;
    }
    camel += upper ? absl::ascii_toupper(c) : c;
    upper = false;
  }
  return camel;
}

absl::StatusOr<std::map<std::string, std::string>> NewPluginFiles(const NewPlugin& plugin) {
  const std::vector<std::string> kinds = Kinds();
  if (std::find(kinds.begin(), kinds.end(), plugin.kind) == kinds.end()) {
    return absl::InvalidArgumentError(absl::StrCat("there is no kind ", plugin.kind,
                                                   NearestAndKnown(plugin.kind, kinds, "Known")));
  }
  const std::string name = CamelCase(plugin.name);
  if (absl::Status status = CheckName(plugin, name); !status.ok()) return status;
  const std::string snake = SnakeCase(name);
  if (!IsCheckout(plugin.pretext)) {
    return absl::InvalidArgumentError(absl::StrCat(
        plugin.pretext.empty() ? "where pretext's sources are is not known"
                               : plugin.pretext + ": is no checkout of pretext",
        "; name the folder with --pretext, the one that has bazelw and tools/plugin.bzl in it"));
  }
  Place place{.folder = absl::StrCat(plugin.pretext, "/", FolderOfKind(plugin.kind), "/", snake),
              .prefix = absl::StrCat(FolderOfKind(plugin.kind), "/", snake)};
  std::map<std::string, std::string> files;
  if (!plugin.out.empty()) {
    place = {
        .folder = absl::StrCat(plugin.out, "/", snake), .prefix = snake, .of_repository = false};
    if (!IsThere(plugin.out + "/WORKSPACE")) AddWorkspace(plugin, plugin.out, snake, files);
    files[absl::StrCat(plugin.out, "/", snake, ".textproto")] =
        PipelineWith(plugin.kind, "custom." + name, snake);
  }
  for (const TemplateFile& file : EmbeddedTemplates()) {
    if (file.kind != plugin.kind) continue;
    const std::string as = absl::StrReplaceAll(file.name, {{"sketch", snake}});
    files[absl::StrCat(place.folder, "/", as)] = Renamed(file, name, snake, place);
  }
  return files;
}

absl::Status WriteNewFiles(const std::map<std::string, std::string>& files) {
  for (const auto& [path, text] : files) {
    if (IsThere(path)) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": is there already; nothing was written"));
    }
  }
  const PuttingInPlace putting;
  for (const auto& [path, text] : files) {
    absl::Status status = MakeFolders(ParentOf(path));
    if (status.ok()) status = WriteFileAtomically(path, text);
    if (!status.ok()) return status;
    if (absl::StartsWith(text, "#!") && chmod(path.c_str(), 0755) != 0)
      return absl::ErrnoToStatus(errno, path + ": cannot be made executable");
  }
  return absl::OkStatus();
}

}  // namespace pretext
