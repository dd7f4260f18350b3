// JPEG through libjpeg.
#pragma once

#include "base/image/image_io.h"

namespace pretext {

bool IsJpeg(absl::string_view bytes);
absl::Status DecodeJpeg(absl::string_view bytes, int channels, int least_side, Picture& picture);

}  // namespace pretext
