// What a BMP says of itself before its pixels.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace pretext {

struct BmpHeader {
  static constexpr size_t kFile = 14;     // Bytes before the header proper.
  static constexpr uint32_t kOld = 12;    // The size of OS/2's, whose fields have 16 bits.
  static constexpr uint32_t kFirst = 40;  // Of Windows' first one, with which all later ones begin.
  static constexpr uint32_t kWithAlpha = 56;  // Of those that hold a mask for alpha.

  enum Compression : uint32_t { kNone = 0, kRuns8 = 1, kRuns4 = 2, kMasks = 3, kMasksAlpha = 6 };

  uint32_t size = 0;  // of the header itself
  int64_t width = 0, height = 0;
  bool top_first = false;
  int bits = 0;  // a pixel
  uint32_t compression = kNone;
  uint32_t colors = 0;    // of the palette
  int64_t pixels_at = 0;  // where the rows begin

  bool runs() const { return compression == kRuns8 || compression == kRuns4; }
  int64_t row_size() const { return (width * bits + 31) / 32 * 4; }  // where there are no runs
};

// A little-endian number of up to four bytes; zeros beyond the end.
uint32_t BmpNumber(absl::string_view bytes, size_t at, int size);

BmpHeader ReadBmpHeader(absl::string_view bytes);

// An error for what is not read, by name, for sizes that cannot be meant, and for a file whose rows
// are cut short.
absl::Status CheckBmpHeader(absl::string_view bytes, const BmpHeader& header);

}  // namespace pretext
