#include "base/file/byte_stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/file/file_calls.h"

namespace pretext {
namespace {

constexpr int kPatienceMilliseconds = 3000;  // for a pipe that nobody writes to
constexpr int kPauseMilliseconds = 20;

// Waits for somebody to open a pipe for writing, who may take any time to write then. False when
// nobody came. A byte that came with the question goes to `first`.
bool WaitForWriter(int file, std::string& first) {
  for (int waited = 0; waited < kPatienceMilliseconds; waited += kPauseMilliseconds) {
    pollfd pipe = {file, POLLIN, 0};
    // The end of one who has gone again counts as well.
    if (poll(&pipe, 1, kPauseMilliseconds) > 0) return true;
    char byte = 0;
    const ssize_t got = read(file, &byte, 1);
    if (got > 0) first = byte;
    if (got > 0 || (got < 0 && errno == EAGAIN)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ByteStream>> ByteStream::Open(const std::string& path) {
  const bool standard = path == "-";
  const std::string name = standard ? "standard input" : path;
  // Not to wait for a writer in open, without a limit.
  const int file =
      standard ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return FileError(errno, name, "cannot be read");
  struct stat info;
  const int failed = fstat(file, &info) != 0 ? errno : 0;
  if (failed == 0 && !S_ISDIR(info.st_mode)) {
    const double bytes = S_ISREG(info.st_mode) ? static_cast<double>(info.st_size) : 0;
    std::unique_ptr<ByteStream> stream(new ByteStream(name, file, bytes));
    if (standard) return stream;
    if (S_ISFIFO(info.st_mode) && !WaitForWriter(file, stream->first_)) {
      return absl::DeadlineExceededError(
          absl::StrCat(name, ": cannot be read: it is a pipe, and nobody opened it to write for ",
                       kPatienceMilliseconds / 1000, " s"));
    }
    fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~O_NONBLOCK);
    return stream;
  }
  close(file);
  if (failed != 0) return FileError(failed, name, "cannot be read");
  return absl::InvalidArgumentError(absl::StrCat(name, ": cannot be read: it is a folder"));
}

ByteStream::~ByteStream() { close(file_); }

absl::StatusOr<size_t> ByteStream::Read(char* out, size_t size) {
  if (!first_.empty() && size > 0) {
    *out = first_[0];
    first_.clear();
    return 1;
  }
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
