// PNG through libpng's simplified interface.
#pragma once

#include "base/image/image_io.h"

namespace pretext {

bool IsPng(absl::string_view bytes);
absl::Status DecodePng(absl::string_view bytes, int channels, Picture& picture);

}  // namespace pretext
