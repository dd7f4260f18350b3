#include "base/image/bmp_runs.h"

#include <algorithm>

namespace pretext {
namespace {

// What follows a zero in place of a run; from 3 on it counts pixels that are written out.
constexpr int kEndOfRow = 0, kEnd = 1, kMove = 2;

}  // namespace

bool ExpandBmpRuns(absl::string_view code, int bits, int64_t height, int64_t width,
                   std::vector<uint8_t>& indices) {
  indices.assign(static_cast<size_t>(height * width), 0);
  const auto byte = [&](size_t at) {
    return at < code.size() ? static_cast<uint8_t>(code[at]) : 0;
  };
  // The i-th pixel of those that begin with the byte at `at`.
  const auto pixel = [&](size_t at, int i) {
    if (bits == 8) return byte(at + static_cast<size_t>(i));
    const int two = byte(at + static_cast<size_t>(i / 2));
    return i % 2 == 0 ? two >> 4 : two & 15;
  };
  int64_t x = 0, y = 0;
  size_t at = 0;
  while (at + 1 < code.size() && y < height) {
    const int count = byte(at), second = byte(at + 1);
    // A run repeats its one byte; its pixels beyond the row are left away.
    const bool run = count > 0;
    const int pixels = run ? count : second > kMove ? second : 0;
    at += run ? 1 : 2;
    for (int i = 0; i < pixels && x < width; ++i, ++x) {
      const int value = run ? pixel(at, bits == 8 ? 0 : i % 2) : pixel(at, i);
      indices[static_cast<size_t>(y * width + x)] = static_cast<uint8_t>(value);
    }
    if (run) {
      ++at;
    } else if (second == kEnd) {
      return true;
    } else if (second == kEndOfRow) {
      x = 0, ++y;
    } else if (second == kMove) {
      x = std::min(x + byte(at), width), y += byte(at + 1);
      at += 2;
    } else {
      at += static_cast<size_t>((pixels * bits + 15) / 16 * 2);  // An even number of bytes.
    }
  }
  return y >= height || (y == height - 1 && x == width);
}

}  // namespace pretext
