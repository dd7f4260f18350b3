// Plugins whose configs flags say.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status/fault.h"
#include "core/plugin/build_context.h"
#include "core/plugin/registry.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"

namespace pretext {

// The plugin `name` with a config of this text. By name: which plugins there are is the binary's
// matter. Faults of fields are told of the flags that set them: `flags` has these by the fields'
// paths ("learn.size": "vocab_size").
template <typename Base>
absl::StatusOr<std::unique_ptr<Base>> CreateFromFlags(
    absl::string_view name, const std::string& text,
    const std::map<std::string, std::string>& flags) {
  const auto* const entry = Registry<Base>::Find(name);
  if (entry == nullptr) return CheckPluginName(kKindName<Base>, name);
  const std::unique_ptr<google::protobuf::Message> config(entry->default_config->New());
  if (!google::protobuf::TextFormat::ParseFromString(text, config.get()))
    return absl::InternalError(absl::StrCat(name, " has not the fields of: ", text));
  absl::StatusOr<std::unique_ptr<Base>> made = entry->create(*config, BuildContext());
  if (made.ok() || !absl::IsInvalidArgument(made.status())) return made;
  std::vector<Fault> faults = FaultsOf(made.status());
  for (Fault& fault : faults) {
    const auto flag = flags.find(fault.path);
    if (flag != flags.end()) fault.path = absl::StrCat("--", flag->second);
  }
  return FaultsToStatus(faults);
}

}  // namespace pretext
