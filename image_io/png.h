// PNG through libpng's simplified interface.
#pragma once

#include "image_io/image_io.h"

namespace pretext {

bool IsPng(absl::string_view bytes);
absl::Status DecodePng(absl::string_view bytes, int channels, Picture& picture);

}  // namespace pretext
