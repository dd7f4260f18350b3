#include "core/plugin/export.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/check/check.h"

namespace pretext {
namespace {

using Key = std::pair<std::string, std::string>;  // plugin, format

std::map<Key, const ExportEntry*>& Exports() {
  static auto* const exports = new std::map<Key, const ExportEntry*>;
  return *exports;
}

// Whether a full name, "encoder.conv1.weight", is the plugin's own name below its part's.
bool IsOwnName(absl::string_view full, absl::string_view own) {
  return full == own || (absl::EndsWith(full, own) && full[full.size() - own.size() - 1] == '.' &&
                         full.find('.') == full.size() - own.size() - 1);
}

}  // namespace

Tensor TrainedPart::Find(absl::string_view name) const {
  for (const Parameter& p : parameters->parameters()) {
    if (IsOwnName(p.name, name)) return p.value.Plain();
  }
  for (const Buffer& b : parameters->buffers()) {
    if (IsOwnName(b.name, name)) return b.value.Plain();
  }
  return Tensor();
}

Tensor TrainedPart::operator[](absl::string_view name) const {
  Tensor found = Find(name);
  PRETEXT_CHECK(found.defined(), "an export asks for parameters that its plugin declares");
  return found;
}

std::vector<NamedTensor> TrainedPart::Named(absl::string_view program) const {
  const auto names = std::find_if(foreign.begin(), foreign.end(),
                                  [&](const ForeignNames& of) { return of.program == program; });
  PRETEXT_CHECK(names != foreign.end(), "an export asks for names that its plugin has");
  std::vector<NamedTensor> tensors;
  for (const ForeignTensor& tensor : names->tensors) {
    const Tensor ours = (*this)[tensor.ours];
    if (tensor.theirs.size() == 1) {
      tensors.push_back({tensor.theirs.front(), ours});
      continue;
    }
    const auto blocks = static_cast<int64_t>(tensor.theirs.size()), rows = ours.dim(0) / blocks;
    for (int64_t b = 0; b < blocks; ++b) {
      tensors.push_back(
          {tensor.theirs[static_cast<size_t>(b)], ours.Rows(b * rows, (b + 1) * rows)});
    }
  }
  return tensors;
}

GraphBatchNorm TrainedPart::BatchNorm(absl::string_view name, float epsilon) const {
  return {.scale = Find(absl::StrCat(name, ".weight")),
          .shift = Find(absl::StrCat(name, ".bias")),
          .mean = (*this)[absl::StrCat(name, ".running_mean")],
          .variance = (*this)[absl::StrCat(name, ".running_var")],
          .epsilon = epsilon};
}

std::string ForeignModel::Member(absl::string_view key) const {
  for (const auto& [name, json] : config) {
    if (name == key) return json;
  }
  return "";
}

const ExportEntry* FindExport(absl::string_view plugin, absl::string_view format) {
  const auto at = Exports().find({std::string(plugin), std::string(format)});
  return at == Exports().end() ? nullptr : at->second;
}

std::vector<std::string> ExportFormatsOf(absl::string_view plugin) {
  std::vector<std::string> formats;
  for (const auto& [key, entry] : Exports()) {
    if (key.first == plugin) formats.push_back(key.second);
  }
  return formats;
}

void ExportRegistration::Register() const {
  const auto [at, added] = Exports().emplace(Key(entry_.plugin, entry_.format), &entry_);
  if (added) return;
  std::fprintf(stderr, "%s:%d: an export of %s to %s was registered before, at %s:%d\n",
               entry_.file, entry_.line, entry_.plugin.c_str(), entry_.format.c_str(),
               at->second->file, at->second->line);
  std::abort();
}

}  // namespace pretext
