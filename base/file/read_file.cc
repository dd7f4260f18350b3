#include "base/file/read_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/file/file_calls.h"

namespace pretext {
namespace {

constexpr int kSilenceMilliseconds = 3000;  // of a pipe, before it is given up
constexpr size_t kChunk = size_t{1} << 16;
// Of what is no file, whose size is not known before and may have no end.
constexpr int64_t kMostOfStream = int64_t{1} << 28;

// Waits until there is something to be read, or an end. False when nothing came in time.
bool WaitForPipe(int file, int milliseconds) {
  pollfd waiting = {file, POLLIN, 0};
  int ready = 0;
  do {
    ready = poll(&waiting, 1, milliseconds);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, int64_t most_bytes) {
  // Not to wait for a writer in open, without a limit.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return FileError(errno, path, "cannot be read");
  const absl::Cleanup close_it = [file] { close(file); };
  struct stat info;
  if (fstat(file, &info) != 0) return FileError(errno, path, "cannot be read");
  if (S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": cannot be read: it is a folder"));
  }
  if (!S_ISREG(info.st_mode)) most_bytes = std::min(most_bytes, kMostOfStream);
  const auto too_large = [&](const std::string& size) {
    return absl::OutOfRangeError(
        absl::StrCat(path, ": has ", size, "; at most ", most_bytes, " are read"));
  };
  if (S_ISREG(info.st_mode) && info.st_size > most_bytes) {
    return too_large(absl::StrCat(info.st_size, " bytes"));
  }
  const bool pipe = S_ISFIFO(info.st_mode);
  if (!pipe) fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~O_NONBLOCK);
  std::string contents;
  if (S_ISREG(info.st_mode)) contents.reserve(static_cast<size_t>(info.st_size) + 1);
  for (bool written_to = false;;) {
    if (pipe && !written_to && !WaitForPipe(file, kSilenceMilliseconds)) {
      return absl::DeadlineExceededError(
          absl::StrCat(path, ": cannot be read: it is a pipe, and nothing was written to it for ",
                       kSilenceMilliseconds / 1000, " s"));
    }
    const size_t before = contents.size();
    // What is still missing of a file of known size in one piece, and a byte more to see its end.
    const size_t left = contents.capacity() - before;
    const size_t room = S_ISREG(info.st_mode) && left > 0 ? left : std::max(kChunk, left);
    contents.resize(before + std::min<size_t>(room, static_cast<size_t>(most_bytes) + 1 - before));
    const ssize_t got = read(file, contents.data() + before, contents.size() - before);
    contents.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) continue;
    written_to = got > 0;
    if (got < 0 && errno == EAGAIN) continue;
    if (got < 0) return FileError(errno, path, "cannot be read");
    if (got == 0) return contents;
    if (static_cast<int64_t>(contents.size()) > most_bytes) return too_large("more bytes");
  }
}

}  // namespace pretext
