#include "absl/numeric/bits.h"
#include "base/image/bmp_header.h"
#include "base/image/bmp_runs.h"
#include "base/image/formats.h"
#include "base/image/planes.h"

namespace pretext {
namespace {

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

// The colours of a palette, red first; those that it lacks are black.
std::vector<uint8_t> ReadPalette(absl::string_view bytes, const BmpHeader& header) {
  std::vector<uint8_t> palette(3 << header.bits);
  const size_t step = header.size == BmpHeader::kOld ? 3 : 4;
  for (size_t i = 0; i < header.colors; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const size_t at = BmpHeader::kFile + header.size + i * step + 2 - c;
      palette[i * 3 + c] = static_cast<uint8_t>(BmpNumber(bytes, at, 1));
    }
  }
  return palette;
}

// From a row of the file to interleaved values.
class RowReader {
 public:
  RowReader(absl::string_view bytes, const BmpHeader& header)
      : header_(header), stored_bits_(header.runs() ? 8 : header.bits) {
    uint32_t masks[4] = {0xFF0000, 0xFF00, 0xFF, 0};
    if (header.bits == 16) masks[0] = 0x7C00, masks[1] = 0x3E0, masks[2] = 0x1F;
    if (header.compression == BmpHeader::kMasks || header.compression == BmpHeader::kMasksAlpha) {
      // Behind the fields of the first header, whether they count as part of it or not.
      const bool alpha =
          header.size >= BmpHeader::kWithAlpha || header.compression == BmpHeader::kMasksAlpha;
      for (size_t c = 0; c < (alpha ? 4 : 3); ++c) {
        masks[c] = BmpNumber(bytes, BmpHeader::kFile + BmpHeader::kFirst + 4 * c, 4);
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
    const int bits = stored_bits_;
    for (int64_t x = 0; x < header_.width; ++x) {
      const size_t at = static_cast<size_t>(x * bits / 8);
      if (bits <= 8) {
        const int shift = static_cast<int>(8 - bits - x * bits % 8);
        const int index = static_cast<uint8_t>(row[at]) >> shift & ((1 << bits) - 1);
        for (int c = 0; c < 3; ++c) *to++ = palette_[static_cast<size_t>(index * 3 + c)];
      } else {
        const uint32_t pixel = BmpNumber(row, at, bits / 8);
        for (int c = 0; c < found_; ++c) *to++ = channels_[c].Of(pixel);
      }
    }
    return interleaved_.data();
  }

 private:
  const BmpHeader& header_;
  const int stored_bits_;  // a pixel, in the rows that are read
  Channel channels_[4];
  int found_ = 3;
  std::vector<uint8_t> palette_, interleaved_;
};

}  // namespace

absl::Status DecodeBmp(absl::string_view bytes, const DecodeOptions& options, Picture& picture,
                       int&) {
  const BmpHeader header = ReadBmpHeader(bytes);
  if (auto status = CheckBmpHeader(bytes, header); !status.ok()) return status;
  // Rows as the file has them, or one index a byte from its runs.
  absl::string_view rows = bytes.substr(static_cast<size_t>(header.pixels_at));
  thread_local std::vector<uint8_t> indices;
  if (header.runs()) {
    if (!ExpandBmpRuns(rows, header.bits, header.height, header.width, indices)) {
      return absl::InvalidArgumentError("a damaged BMP: cut short");
    }
    rows = {reinterpret_cast<const char*>(indices.data()), indices.size()};
  }
  RowReader reader(bytes, header);
  ResizePicture(ChannelsOf(options.channels, reader.found()), header.height, header.width, picture);
  const int64_t row_size = header.runs() ? header.width : header.row_size();
  for (int64_t y = 0; y < header.height; ++y) {
    const absl::string_view row =
        rows.substr(static_cast<size_t>(row_size * y), static_cast<size_t>(row_size));
    PutRow(reader.Read(row), reader.found(), header.top_first ? y : header.height - 1 - y, options,
           picture);
  }
  return absl::OkStatus();
}

}  // namespace pretext
