// Chunks of a PNG and texts in them, read apart from its pixels: they may be made to expand to
// gigabytes.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace pretext {

// The data of the last chunk of that type that is whole; "" where there is none.
absl::string_view PngChunk(absl::string_view png, absl::string_view type);

// The last text of that keyword (tEXt, zTXt, iTXt); "" where there is none, or none that is whole
// and has at most 1 MiB.
std::string PngText(absl::string_view png, absl::string_view keyword);

// The bytes of a profile that ImageMagick wrote as a text: the profile's name and length on lines
// of their own, then hexadecimal digits. "" of anything else.
std::string BytesOfRawProfile(absl::string_view text);

}  // namespace pretext
