// A line to try for each command.
#pragma once

#include "absl/strings/string_view.h"

namespace pretext {

// "pretext train pipelines/…"; empty for a command that is not known here.
absl::string_view ExampleOf(absl::string_view command);

}  // namespace pretext
