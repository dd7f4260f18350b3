#include <cstdlib>

#include "absl/numeric/bits.h"
#include "absl/strings/str_cat.h"
#include "base/image/formats.h"
#include "base/image/planes.h"

namespace pretext {
namespace {

constexpr size_t kFileHeader = 14;   // Bytes before the picture's own header.
constexpr uint32_t kOldHeader = 12;  // The size of OS/2's, which has 16-bit sizes.
constexpr uint32_t kHeader = 40;  // Of Windows' first one, whose fields all later ones begin with.
constexpr uint32_t kWithAlpha = 56;  // Of those that hold a mask for alpha.

enum Compression : uint32_t { kNone = 0, kRle8 = 1, kRle4 = 2, kMasks = 3, kMasksWithAlpha = 6 };

absl::Status Fault(absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat("a damaged BMP: ", reason));
}

// Little-endian; zeros beyond the end.
uint32_t Number(absl::string_view bytes, size_t at, int size) {
  uint32_t value = 0;
  for (int i = 0; i < size && at + i < bytes.size(); ++i) {
    value |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[at + i])) << 8 * i;
  }
  return value;
}

// Some bits of a pixel, as a value of 0 to 255.
class Channel {
 public:
  explicit Channel(uint32_t mask = 0)
      : mask_(mask),
        shift_(mask == 0 ? 0 : absl::countr_zero(mask)),
        largest_(mask == 0 ? 1 : mask >> shift_) {}
  uint8_t Of(uint32_t pixel) const {
    return static_cast<uint8_t>(uint64_t{(pixel & mask_) >> shift_} * 255 / largest_);
  }

 private:
  uint32_t mask_;
  int shift_;
  uint32_t largest_;
};

struct Header {
  uint32_t size = 0;  // of itself
  int64_t width = 0, height = 0;
  bool top_first = false;
  int bits = 0;  // a pixel
  uint32_t compression = kNone;
  uint32_t colors = 0;  // of the palette
  int64_t row_size() const { return (width * bits + 31) / 32 * 4; }
};

Header ReadHeader(absl::string_view bytes) {
  Header header;
  header.size = Number(bytes, 14, 4);
  if (header.size == kOldHeader) {
    header.width = Number(bytes, 18, 2);
    header.height = Number(bytes, 20, 2);
    header.bits = static_cast<int>(Number(bytes, 24, 2));
  } else {
    const auto height = static_cast<int32_t>(Number(bytes, 22, 4));
    header.width = static_cast<int32_t>(Number(bytes, 18, 4));
    header.height = std::abs(int64_t{height});
    header.top_first = height < 0;
    header.bits = static_cast<int>(Number(bytes, 28, 2));
    header.compression = Number(bytes, 30, 4);
    header.colors = Number(bytes, 46, 4);
  }
  if (header.bits <= 8 && (header.colors == 0 || header.colors > 1u << header.bits)) {
    header.colors = 1u << header.bits;
  }
  return header;
}

absl::Status CheckHeader(absl::string_view bytes, const Header& header) {
  if (header.size != kOldHeader && header.size < kHeader) {
    return absl::UnimplementedError(
        absl::StrCat("a BMP with a header of ", header.size, " bytes, which is not read"));
  }
  const int bits = header.bits;
  if (header.compression == kRle4 || header.compression == kRle8) {
    return absl::UnimplementedError("a BMP with run-length coding, which is not read");
  }
  const bool masks = header.compression == kMasks || header.compression == kMasksWithAlpha;
  const bool known = bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
  if (!known || !(header.compression == kNone || (masks && (bits == 16 || bits == 32)))) {
    return absl::UnimplementedError(absl::StrCat("a BMP of ", bits, " bits with compression ",
                                                 header.compression, ", which is not read"));
  }
  const auto size = static_cast<int64_t>(bytes.size());
  if (auto status = CheckSize("BMP", header.height, header.width, size, /*pixels_per_byte=*/8);
      !status.ok()) {
    return status;
  }
  // What fills the last row up to four bytes may be missing.
  const int64_t last_row = (header.width * bits + 7) / 8;
  if (Number(bytes, 10, 4) + header.row_size() * (header.height - 1) + last_row > size) {
    return Fault("cut short");
  }
  return absl::OkStatus();
}

// The colours of a palette, red first; those that it lacks are black.
std::vector<uint8_t> ReadPalette(absl::string_view bytes, const Header& header) {
  std::vector<uint8_t> palette(3 << header.bits);
  const size_t step = header.size == kOldHeader ? 3 : 4;
  for (size_t i = 0; i < header.colors; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const size_t at = kFileHeader + header.size + i * step + 2 - c;
      palette[i * 3 + c] = static_cast<uint8_t>(Number(bytes, at, 1));
    }
  }
  return palette;
}

// From a row of the file to interleaved values.
class RowReader {
 public:
  RowReader(absl::string_view bytes, const Header& header) : header_(header) {
    uint32_t masks[4] = {0xFF0000, 0xFF00, 0xFF, 0};
    if (header.bits == 16) masks[0] = 0x7C00, masks[1] = 0x3E0, masks[2] = 0x1F;
    if (header.compression != kNone) {
      // Behind the fields of the first header, whether they count as part of it or not.
      const bool alpha = header.size >= kWithAlpha || header.compression == kMasksWithAlpha;
      for (size_t c = 0; c < (alpha ? 4 : 3); ++c) {
        masks[c] = Number(bytes, kFileHeader + kHeader + 4 * c, 4);
      }
    }
    for (int c = 0; c < 4; ++c) channels_[c] = Channel(masks[c]);
    found_ = masks[3] != 0 ? 4 : 3;
    if (header.bits <= 8) palette_ = ReadPalette(bytes, header);
    interleaved_.resize(static_cast<size_t>(header.width * found_));
  }

  int found() const { return found_; }

  const uint8_t* Read(absl::string_view row) {
    uint8_t* to = interleaved_.data();
    const int bits = header_.bits;
    for (int64_t x = 0; x < header_.width; ++x) {
      const size_t at = static_cast<size_t>(x * bits / 8);
      if (bits <= 8) {
        const int shift = static_cast<int>(8 - bits - x * bits % 8);
        const int index = static_cast<uint8_t>(row[at]) >> shift & ((1 << bits) - 1);
        for (int c = 0; c < 3; ++c) *to++ = palette_[static_cast<size_t>(index * 3 + c)];
      } else {
        const uint32_t pixel = Number(row, at, bits / 8);
        for (int c = 0; c < found_; ++c) *to++ = channels_[c].Of(pixel);
      }
    }
    return interleaved_.data();
  }

 private:
  const Header& header_;
  Channel channels_[4];
  int found_ = 3;
  std::vector<uint8_t> palette_, interleaved_;
};

}  // namespace

absl::Status DecodeBmp(absl::string_view bytes, const DecodeOptions& options, Picture& picture,
                       int&) {
  const Header header = ReadHeader(bytes);
  if (auto status = CheckHeader(bytes, header); !status.ok()) return status;
  RowReader reader(bytes, header);
  ResizePicture(ChannelsOf(options.channels, reader.found()), header.height, header.width, picture);
  const auto row_size = static_cast<size_t>(header.row_size());
  for (int64_t y = 0; y < header.height; ++y) {
    const size_t at = Number(bytes, 10, 4) + row_size * static_cast<size_t>(y);
    PutRow(reader.Read(bytes.substr(at, row_size)), reader.found(),
           header.top_first ? y : header.height - 1 - y, options, picture);
  }
  return absl::OkStatus();
}

}  // namespace pretext
