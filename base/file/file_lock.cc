#include "base/file/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file/file_calls.h"
#include "base/file/read_file.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<FileLock>> FileLock::Take(const std::string& path) {
  constexpr char kDoing[] = "cannot be locked";
  int file = -1;
  int error = file_calls::Open(path, O_RDWR | O_CREAT, &file);
  if (error != 0) return FileError(error, path, kDoing);
  error = file_calls::Lock(file, path);
  if (error == EWOULDBLOCK) {
    file_calls::Close(file);
    constexpr int64_t kNumber = 32;
    const absl::StatusOr<std::string> holder = ReadFile(path, kNumber);
    const absl::string_view number = holder.ok() ? absl::StripAsciiWhitespace(*holder) : "";
    return absl::UnavailableError(
        absl::StrCat(path, ": is locked by ",
                     number.empty() ? "another process" : absl::StrCat("process ", number)));
  }
  if (error != 0) {
    file_calls::Close(file);
    if (error == ENOLCK || error == ENOTSUP || error == ENOSYS) {
      return absl::UnimplementedError(absl::StrCat(path, ": its file system has no locks"));
    }
    return FileError(error, path, kDoing);
  }
  std::unique_ptr<FileLock> lock(new FileLock(file));
  // For whoever finds it locked; that it cannot be written harms nobody.
  const std::string number = absl::StrCat(getpid(), "\n");
  if (ftruncate(file, 0) == 0) file_calls::Write(file, path, number.data(), number.size());
  return lock;
}

bool FileLock::IsTaken(const std::string& path) {
  struct stat file;
  if (stat(path.c_str(), &file) != 0) return false;
  constexpr int64_t kMost = int64_t{1} << 24;
  const absl::StatusOr<std::string> locks = ReadFile("/proc/locks", kMost);
  if (!locks.ok()) return false;
  // "1: FLOCK  ADVISORY  WRITE 1234 fe:00:56789 0 EOF": devices are numbered otherwise than by stat
  // on some file systems, so by the file's number alone.
  const std::string number = absl::StrCat(":", file.st_ino, " ");
  for (const absl::string_view line : absl::StrSplit(*locks, '\n')) {
    if (absl::StrContains(line, " FLOCK ") && !absl::StrContains(line, "->") &&
        absl::StrContains(line, number))
      return true;
  }
  return false;
}

FileLock::~FileLock() { file_calls::Close(file_); }

}  // namespace pretext
