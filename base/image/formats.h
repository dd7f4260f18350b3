// The decoder of each format. Each fills `picture` but for turning it, and finds the orientation.
#pragma once

#include "base/image/image_io.h"

namespace pretext {

// `orientation` is 1 unless the file has another, 2 to 8.
using Decoder = absl::Status(absl::string_view bytes, const DecodeOptions& options,
                             Picture& picture, int& orientation);

Decoder DecodePng;   // libpng
Decoder DecodeJpeg;  // libjpeg-turbo
Decoder DecodeWebp;  // libwebp
Decoder DecodeBmp;   // our own

}  // namespace pretext
