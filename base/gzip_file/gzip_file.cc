#include "base/gzip_file/gzip_file.h"

#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/file/looked_for_at.h"

namespace pretext {
namespace {

// The most that one compressed byte can stand for (zlib's FAQ).
constexpr int64_t kMaxDeflateRatio = 1032;

}  // namespace

void GzipFile::Close::operator()(gzFile_s* file) const { gzclose(file); }

absl::StatusOr<GzipFile> GzipFile::Open(const std::string& path, absl::string_view expected) {
  const auto fault = [&](absl::string_view found, absl::string_view advice) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": found ", found, "; expected ", expected, ". ", advice));
  };
  if (path.empty()) return fault("no path", "Name a file.");
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat(path, ": expected ", expected, ". Check the path", LookedForAt(path)));
  }
  if (S_ISDIR(info.st_mode)) return fault("a directory", "Name the file inside it.");
  if (!S_ISREG(info.st_mode))
    return fault("something other than a file", "Copy it to a file first.");
  if (info.st_size == 0) return fault("an empty file", "Fetch it again.");

  GzipFile result;
  result.path_ = path;
  result.size_on_disk_ = info.st_size;
  errno = 0;
  result.file_.reset(gzopen(path.c_str(), "rb"));
  if (result.file_ == nullptr) {
    return absl::ErrnoToStatus(
        errno == 0 ? ENOMEM : errno,
        absl::StrCat(path, ": cannot be opened; expected ", expected, ". Check its permissions"));
  }
  gzbuffer(result.file_.get(), std::clamp<int64_t>(info.st_size, 1 << 12, 1 << 18));
  return result;
}

int64_t GzipFile::Read(uint8_t* out, int64_t size) {
  int64_t done = 0;
  while (done < size) {
    const int64_t want = std::min<int64_t>(size - done, 1 << 30);
    const int got = gzread(file_.get(), out + done, static_cast<unsigned>(want));
    if (got <= 0) break;
    done += got;
  }
  return done;
}

std::string GzipFile::Fault() const {
  int code = Z_OK;
  const char* message = gzerror(file_.get(), &code);
  if (code == Z_OK || code == Z_STREAM_END) return "";
  if (code == Z_BUF_ERROR) return " (the compressed data stops in the middle)";
  return absl::StrCat(" (", message, ")");
}

int64_t GzipFile::MostBytesBeyond(int64_t read) const {
  return (gzdirect(file_.get()) ? size_on_disk_ : size_on_disk_ * kMaxDeflateRatio) - read;
}

}  // namespace pretext
