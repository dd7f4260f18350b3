// From interleaved pixels, as decoders give them, to planes.
#pragma once

#include <cstdint>

#include "base/image/image_io.h"

namespace pretext {

// The channels of a picture that has `found` when `asked` are asked for (0: those that it has).
inline int ChannelsOf(int asked, int found) { return asked == 0 ? (found >= 3 ? 3 : 1) : asked; }

// InvalidArgument when a picture of that size in so many bytes cannot be meant: it is empty, beyond
// kMaxPixels, or more than pixels_per_byte for each byte of the file, which its format cannot hold.
// 0 is for formats that hold any number, those of a picture of one colour: up to 2^24 of them, and
// beyond that 4096 a byte, so that a few bytes do not take gigabytes of memory.
absl::Status CheckSize(absl::string_view format, int64_t height, int64_t width, int64_t bytes,
                       int64_t pixels_per_byte);

// Makes room for a picture.
void ResizePicture(int channels, int64_t height, int64_t width, Picture& picture);

// Puts row y of the picture from W interleaved pixels of `found` values each: grey (1), grey and
// alpha (2), red, green, blue (3) and alpha (4). What is transparent lies on the background of
// `options`.
void PutRow(const uint8_t* interleaved, int found, int64_t y, const DecodeOptions& options,
            Picture& picture);

}  // namespace pretext
