// The documentation of config messages: the comments in their .proto files, kept in the binary.
//
// Generated code drops comments, so the plugin macros add each plugin's descriptors, with source
// info, through RegisterConfigDocs. The bytes are parsed when documentation is first asked for.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace pretext {

// `bytes` is a serialized FileDescriptorSet made with --include_source_info, and must
// live as long as the program. Files that come twice (shared imports) are taken once.
// To be called during static initialisation.
void RegisterConfigDocs(const void* bytes, size_t size);

// The comment of a message, a field, an enum or an enum value by its full name: "pretext.NtXent",
// "pretext.NtXent.temperature". An enum value's is its enum's name and its own:
// "pretext.Mlp.Activation.RELU". The comment before it, or else the one after it on its line;
// without the leading space of each line. "" when there is none or the file was not registered.
std::string ConfigDocs(absl::string_view full_name);

}  // namespace pretext
