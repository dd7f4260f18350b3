#include "base/file/byte_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/file/file_calls.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<ByteStream>> ByteStream::Open(const std::string& path) {
  const bool standard = path == "-";
  const std::string name = standard ? "standard input" : path;
  const int file = standard ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return FileError(errno, name, "cannot be read");
  struct stat info;
  const int failed = fstat(file, &info) != 0 ? errno : 0;
  if (failed == 0 && !S_ISDIR(info.st_mode)) {
    const double bytes = S_ISREG(info.st_mode) ? static_cast<double>(info.st_size) : 0;
    return std::unique_ptr<ByteStream>(new ByteStream(name, file, bytes));
  }
  close(file);
  if (failed != 0) return FileError(failed, name, "cannot be read");
  return absl::InvalidArgumentError(absl::StrCat(name, ": cannot be read: it is a folder"));
}

ByteStream::~ByteStream() { close(file_); }

absl::StatusOr<size_t> ByteStream::Read(char* out, size_t size) {
  ssize_t got = 0;
  do {
    got = read(file_, out, size);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return FileError(errno, name_, "cannot be read");
  read_ += static_cast<double>(got);
  return static_cast<size_t>(got);
}

double ByteStream::share() const { return bytes_ > 0 ? std::min(1.0, read_ / bytes_) : 0; }

}  // namespace pretext
