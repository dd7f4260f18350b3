#include "base/image/image_io.h"

#include <sys/stat.h>

#include <cerrno>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"

namespace pretext {
namespace {

// No picture that is allowed takes more: 8 bytes a pixel, uncompressed.
constexpr int64_t kMaxFileBytes = kMaxPixels * 8;

absl::Status ReadFile(const std::string& path, std::string& bytes) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return absl::ErrnoToStatus(errno, path);
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(path + ": not a file");
  if (info.st_size > kMaxFileBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": larger than ", kMaxFileBytes, " bytes"));
  }
  bytes.resize(info.st_size);
  std::ifstream file(path, std::ios::binary);
  if (!file.read(bytes.data(), info.st_size)) {
    return absl::InvalidArgumentError(path + ": cannot be read; check its permissions");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadPicture(const std::string& path, const DecodeOptions& options, std::string& bytes,
                         Picture& picture) {
  if (auto status = ReadFile(path, bytes); !status.ok()) return status;
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
