#include "base/file/file_calls.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace pretext {
namespace {

std::atomic<const std::function<int(const FileCall&)>*> watched{nullptr};

int Watched(FileCall::Kind kind, const std::string& path, const std::string& to = "") {
  const auto* const watch = watched.load(std::memory_order_acquire);
  return watch == nullptr ? 0 : (*watch)({kind, path, to});
}

// Makes the call until no signal interrupts it.
template <typename Call>
int Made(const Call& call) {
  while (call() != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

template <typename Call>
int WatchedAndMade(const Call& call, FileCall::Kind kind, const std::string& path,
                   const std::string& to = "") {
  const int refused = Watched(kind, path, to);
  return refused != 0 ? refused : Made(call);
}

}  // namespace

FileWatch::FileWatch(std::function<int(const FileCall&)> watch) : watch_(std::move(watch)) {
  watched.store(&watch_, std::memory_order_release);
}

FileWatch::~FileWatch() { watched.store(nullptr, std::memory_order_release); }

absl::Status FileError(int error, absl::string_view path, absl::string_view doing) {
  return absl::ErrnoToStatus(error, absl::StrCat(path, ": ", doing));
}

namespace file_calls {

int Open(const std::string& path, int flags, int* file, mode_t mode) {
  const auto open_it = [&] {
    *file = open(path.c_str(), flags | O_CLOEXEC, mode);
    return *file < 0 ? -1 : 0;
  };
  return WatchedAndMade(open_it, FileCall::Kind::kOpen, path);
}

int Write(int file, const std::string& path, const void* bytes, size_t size) {
  const int refused = Watched(FileCall::Kind::kWrite, path);
  if (refused != 0) return refused;
  for (const char* at = static_cast<const char*>(bytes); size > 0;) {
    const ssize_t written = write(file, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    at += written;
    size -= static_cast<size_t>(written);
  }
  return 0;
}

int Flush(int file, const std::string& path) {
  return WatchedAndMade([&] { return fsync(file); }, FileCall::Kind::kFlush, path);
}

int Close(int file) {
  // Closed whatever it answers: never again. EINTR is no fault of the file.
  return close(file) == 0 || errno == EINTR ? 0 : errno;
}

int Link(int file, const std::string& path, const std::string& to) {
  const std::string nameless = absl::StrCat("/proc/self/fd/", file);
  return WatchedAndMade(
      [&] { return linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW); },
      FileCall::Kind::kLink, path, to);
}

int Rename(const std::string& path, const std::string& to) {
  return WatchedAndMade([&] { return rename(path.c_str(), to.c_str()); }, FileCall::Kind::kRename,
                        path, to);
}

int Exchange(const std::string& path, const std::string& to) {
  return WatchedAndMade(
      [&] { return renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE); },
      FileCall::Kind::kExchange, path, to);
}

int FlushFolder(const std::string& path) {
  if (const int refused = Watched(FileCall::Kind::kFlushFolder, path); refused != 0) return refused;
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // A folder that may be written to and not be read has no handle to be flushed by.
  if (folder < 0) return errno == EACCES ? 0 : errno;
  const int error = Made([&] { return fsync(folder); });
  close(folder);
  // Some file systems (of networks, in user space) flush no folders.
  return error == EINVAL || error == ENOTSUP ? 0 : error;
}

int MakeFolder(const std::string& path, mode_t mode) {
  const int error =
      WatchedAndMade([&] { return mkdir(path.c_str(), mode); }, FileCall::Kind::kMakeFolder, path);
  if (error != EEXIST) return error;
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return errno;
  return S_ISDIR(info.st_mode) ? 0 : ENOTDIR;
}

int Remove(const std::string& path) {
  if (const int refused = Watched(FileCall::Kind::kRemove, path); refused != 0) return refused;
  std::error_code error;
  std::filesystem::remove_all(path, error);
  return error.value();
}

int Lock(int file, const std::string& path) {
  return WatchedAndMade([&] { return flock(file, LOCK_EX | LOCK_NB); }, FileCall::Kind::kLock,
                        path);
}

}  // namespace file_calls
}  // namespace pretext
