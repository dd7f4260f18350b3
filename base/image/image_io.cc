#include "base/image/image_io.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/file/read_file.h"

namespace pretext {
namespace {

// No picture that is allowed takes more: 8 bytes a pixel, uncompressed.
constexpr int64_t kMaxFileBytes = kMaxPixels * 8;

}  // namespace

absl::Status ReadPicture(const std::string& path, const DecodeOptions& options, std::string& bytes,
                         Picture& picture) {
  absl::StatusOr<std::string> read = ReadFile(path, kMaxFileBytes);
  if (!read.ok()) return read.status();
  bytes = *std::move(read);
  const absl::Status status = DecodePicture(bytes, options, picture);
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
}

absl::Status WritePng(const std::string& path, const float* image, const ImageShape& shape) {
  const std::string png = EncodePng(image, shape);
  if (png.empty()) return absl::InternalError(path + ": the picture cannot be encoded");
  return WriteFileAtomically(path, png);
}

}  // namespace pretext
