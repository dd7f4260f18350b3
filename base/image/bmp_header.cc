#include "base/image/bmp_header.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "base/image/planes.h"

namespace pretext {
namespace {

// Whether pixels of so many bits are stored so.
bool IsRead(int bits, uint32_t compression) {
  switch (compression) {
    case BmpHeader::kNone:
      return bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
    case BmpHeader::kRuns8:
      return bits == 8;
    case BmpHeader::kRuns4:
      return bits == 4;
    case BmpHeader::kMasks:
    case BmpHeader::kMasksAlpha:
      return bits == 16 || bits == 32;
    default:
      return false;
  }
}

}  // namespace

uint32_t BmpNumber(absl::string_view bytes, size_t at, int size) {
  uint32_t value = 0;
  for (int i = 0; i < size && at + i < bytes.size(); ++i) {
    value |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[at + i])) << 8 * i;
  }
  return value;
}

BmpHeader ReadBmpHeader(absl::string_view bytes) {
  BmpHeader header;
  header.pixels_at = BmpNumber(bytes, 10, 4);
  header.size = BmpNumber(bytes, 14, 4);
  if (header.size == BmpHeader::kOld) {
    header.width = BmpNumber(bytes, 18, 2);
    header.height = BmpNumber(bytes, 20, 2);
    header.bits = static_cast<int>(BmpNumber(bytes, 24, 2));
  } else {
    const auto height = static_cast<int32_t>(BmpNumber(bytes, 22, 4));
    header.width = static_cast<int32_t>(BmpNumber(bytes, 18, 4));
    header.height = std::abs(int64_t{height});
    header.top_first = height < 0;
    header.bits = static_cast<int>(BmpNumber(bytes, 28, 2));
    header.compression = BmpNumber(bytes, 30, 4);
    header.colors = BmpNumber(bytes, 46, 4);
  }
  if (header.bits <= 8 && (header.colors == 0 || header.colors > 1u << header.bits)) {
    header.colors = 1u << header.bits;
  }
  return header;
}

absl::Status CheckBmpHeader(absl::string_view bytes, const BmpHeader& header) {
  if (header.size != BmpHeader::kOld && header.size < BmpHeader::kFirst) {
    return absl::UnimplementedError(
        absl::StrCat("a BMP with a header of ", header.size, " bytes, which is not read"));
  }
  if (!IsRead(header.bits, header.compression)) {
    return absl::UnimplementedError(absl::StrCat("a BMP of ", header.bits,
                                                 " bits with compression ", header.compression,
                                                 ", which is not read"));
  }
  const auto size = static_cast<int64_t>(bytes.size());
  if (auto status = CheckSize("BMP", header.height, header.width, size, header.runs() ? 0 : 8);
      !status.ok()) {
    return status;
  }
  // What fills the last row up to four bytes may be missing.
  const int64_t last_row = (header.width * header.bits + 7) / 8;
  const int64_t needed = header.runs() ? 0 : header.row_size() * (header.height - 1) + last_row;
  if (header.pixels_at + needed > size) {
    return absl::InvalidArgumentError("a damaged BMP: cut short");
  }
  return absl::OkStatus();
}

}  // namespace pretext
