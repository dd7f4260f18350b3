#include "pipelines/embed/picture_file_kind.h"

#include "absl/strings/match.h"
#include "base/gzip_file/gzip_file.h"

namespace pretext {

absl::StatusOr<PictureFileKind> PictureFileKindOf(const std::string& path) {
  absl::StatusOr<GzipFile> file = GzipFile::Open(path, "pictures");
  if (!file.ok()) return file.status();
  std::string first(kFormatBytes, '\0');
  const int64_t got = file->Read(reinterpret_cast<uint8_t*>(first.data()), kFormatBytes);
  first.resize(static_cast<size_t>(got));
  PictureFileKind kind;
  kind.format = FormatOf(first);
  if (absl::StartsWith(first, absl::string_view("\0\0\x08", 3))) {
    kind.holds = PictureFileKind::kIdxImages;
  } else if (!kind.format.name.empty()) {
    kind.holds = PictureFileKind::kPicture;
  } else if (absl::EndsWith(path, ".bin")) {
    kind.holds = PictureFileKind::kCifarRecords;
  }
  return kind;
}

}  // namespace pretext
