// What plugins there are, for `pretext plugins`.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pretext {

// `what` is "" for a line a plugin of every kind; a kind ("loss", "losses") for its plugins with
// their fields: name, type, default and documentation; or one plugin ("NtXent", "pretext.NtXent")
// for that alone. InvalidArgument when it is none of them.
absl::StatusOr<std::string> ListPlugins(absl::string_view what = "");

// The fields of the pipeline itself, in the same form.
std::string DescribePipelineFields();

}  // namespace pretext
