#include "core/plugin/registry.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/text/nearest.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/message.h"

namespace pretext {
namespace {

constexpr absl::string_view kTypePrefix = "type.googleapis.com/";

struct Kind {
  absl::string_view name;
  absl::string_view folder;
};
constexpr Kind kKinds[] = {
    {"dataset", "datasets"},     {"tokenizer", "tokenizers"}, {"augmentation", "augmentations"},
    {"encoder", "encoders"},     {"head", "heads"},           {"loss", "losses"},
    {"optimizer", "optimizers"},
};

std::map<std::string, const Plugin*, std::less<>>& Plugins() {
  static auto* plugins = new std::map<std::string, const Plugin*, std::less<>>;
  return *plugins;
}

[[noreturn]] void StopAtStart(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::abort();
}

std::string Place(const Plugin& plugin) { return absl::StrCat(plugin.file, ":", plugin.line); }

std::string AfterLast(absl::string_view text, char separator) {
  const size_t position = text.rfind(separator);
  return std::string(position == absl::string_view::npos ? text : text.substr(position + 1));
}

}  // namespace

std::vector<absl::string_view> PluginKinds() {
  std::vector<absl::string_view> names;
  for (const Kind& kind : kKinds) names.push_back(kind.name);
  return names;
}

std::string FolderOfKind(absl::string_view name) {
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return std::string(kind.folder);
  }
  return absl::StrCat(name, "s");
}

std::string Plugin::ShortName() const { return AfterLast(name, '.'); }

std::string Plugin::Package() const {
  const absl::string_view path = file;
  const size_t slash = path.rfind('/');
  return std::string(slash == absl::string_view::npos ? "" : path.substr(0, slash));
}

const Plugin* FindPlugin(absl::string_view name) {
  const auto found = Plugins().find(name);
  return found == Plugins().end() ? nullptr : found->second;
}

std::vector<const Plugin*> PluginsOfKind(absl::string_view kind) {
  std::vector<const Plugin*> plugins;
  for (const auto& [name, plugin] : Plugins()) {
    if (plugin->kind == kind) plugins.push_back(plugin);
  }
  return plugins;
}

std::string TypeInBrackets(absl::string_view name) {
  return absl::StrCat("[", kTypePrefix, name, "]");
}

std::string TypeNameOf(const google::protobuf::Any& any) { return AfterLast(any.type_url(), '/'); }

absl::Status CheckPluginName(absl::string_view kind, absl::string_view name) {
  const Plugin* plugin = FindPlugin(name);
  if (plugin != nullptr && plugin->kind == kind) return absl::OkStatus();
  // The package is the same for most: names are compared without it.
  std::vector<std::string> known, short_names;
  for (const Plugin* other : PluginsOfKind(kind)) {
    known.push_back(other->name);
    short_names.push_back(other->ShortName());
  }
  std::string folder = FolderOfKind(kind);
  const std::string package = absl::StrCat("//", folder, "/", SnakeCase(AfterLast(name, '.')));
  folder[0] = absl::ascii_toupper(folder[0]);
  const std::string list = absl::StrCat(" ", folder, " in this binary: ", ListOrNone(known), ".");
  if (plugin != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(name, " is ", WithArticle(plugin->kind),
                                                   ", but ", WithArticle(kind), " is needed here.",
                                                   list));
  }
  const std::string nearest = NearestMatch(AfterLast(name, '.'), short_names);
  const auto found = std::find(short_names.begin(), short_names.end(), nearest);
  const std::string meant =
      found == short_names.end()
          ? "."
          : absl::StrCat("; did you mean ", TypeInBrackets(known[found - short_names.begin()]),
                         "?");
  return absl::InvalidArgumentError(
      absl::StrCat("no ", kind, " is named \"", name, "\"", meant, list,
                   " If it exists but is not linked, add its target, by convention ", package,
                   ", to the binary."));
}

absl::StatusOr<PluginConfig> UnpackPlugin(absl::string_view kind,
                                          const google::protobuf::Any& any) {
  if (any.type_url().empty()) {
    return absl::InvalidArgumentError(absl::StrCat("names no ", kind));
  }
  const std::string name = TypeNameOf(any);
  if (const absl::Status status = CheckPluginName(kind, name); !status.ok()) return status;
  PluginConfig config;
  config.plugin = FindPlugin(name);
  std::shared_ptr<google::protobuf::Message> message(config.plugin->default_config->New());
  if (!message->ParsePartialFromString(any.value())) {
    return absl::InvalidArgumentError(absl::StrCat("holds bytes that are no ", name));
  }
  if (!message->IsInitialized()) {
    return absl::InvalidArgumentError(
        absl::StrCat("lacks required fields: ", message->InitializationErrorString()));
  }
  config.message = std::move(message);
  return config;
}

namespace internal {

void AddPlugin(const Plugin* plugin) {
  if (plugin->name.empty()) StopAtStart(absl::StrCat(Place(*plugin), ": a plugin without a name"));
  const auto [found, added] = Plugins().emplace(plugin->name, plugin);
  if (added) return;
  const Plugin& first = *found->second;
  StopAtStart(absl::StrCat(Place(*plugin), ": ", plugin->name, " is registered twice, as ",
                           WithArticle(plugin->kind), " here and as ", WithArticle(first.kind),
                           " at ", Place(first),
                           "\nGive one of them a config message of its own."));
}

const Plugin* ReplacePlugin(const std::string& name, const Plugin* plugin) {
  const Plugin* displaced = FindPlugin(name);
  Plugins().erase(name);
  if (plugin != nullptr) Plugins().emplace(name, plugin);
  return displaced;
}

}  // namespace internal
}  // namespace pretext
