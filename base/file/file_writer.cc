#include "base/file/file_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file/file_calls.h"
#include "base/file/folder.h"

namespace pretext {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBuffer = size_t{1} << 20;
constexpr int kMostLinks = 40;  // as the kernel follows
constexpr char kCannot[] = "cannot be written";

// One of this process's descriptors by its name, /dev/fd/N or /proc/self/fd/N, or -1.
int DescriptorOf(const std::string& path) {
  absl::string_view rest = path;
  int number = -1;
  const bool named = absl::ConsumePrefix(&rest, "/dev/fd/") ||
                     absl::ConsumePrefix(&rest, "/proc/self/fd/") ||
                     absl::ConsumePrefix(&rest, absl::StrCat("/proc/", getpid(), "/fd/"));
  return named && absl::SimpleAtoi(rest, &number) ? number : -1;
}

struct Target {
  std::string path;     // behind the links
  int descriptor = -1;  // of this process, where a link leads there
};

// Follows the symbolic links of the last name: the last may point to what is not there yet.
absl::StatusOr<Target> Follow(const std::string& path) {
  Target target{path, DescriptorOf(path)};
  for (int links = 0; target.descriptor < 0; ++links) {
    struct stat info;
    if (lstat(target.path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) break;
    std::error_code error;
    if (links == kMostLinks) error = std::make_error_code(std::errc::too_many_symbolic_link_levels);
    const fs::path to = error ? fs::path() : fs::read_symlink(target.path, error);
    if (error) return FileError(error.value(), path, kCannot);
    target.path = (to.is_absolute() ? to : fs::path(target.path).parent_path() / to).string();
    target.descriptor = DescriptorOf(target.path);
  }
  return target;
}

// What stands for "already on its way": devices and pipes have nothing to flush.
bool NothingToFlush(int error) { return error == EINVAL || error == ENOTSUP || error == EROFS; }

}  // namespace

absl::StatusOr<std::unique_ptr<FileWriter>> FileWriter::Create(const std::string& path,
                                                               FileRights rights) {
  std::unique_ptr<FileWriter> writer(new FileWriter(path));
  if (absl::Status status = writer->Open(FileMode(rights)); !status.ok()) return status;
  return writer;
}

absl::Status FileWriter::Open(mode_t mode) {
  absl::StatusOr<Target> target = Follow(path_);
  if (!target.ok()) return target.status();
  if (target->descriptor >= 0) {
    file_ = fcntl(target->descriptor, F_DUPFD_CLOEXEC, 0);
    return file_ < 0 ? FileError(errno, path_, kCannot) : absl::OkStatus();
  }
  struct stat info;
  const bool there = stat(target->path.c_str(), &info) == 0;
  if (there && S_ISDIR(info.st_mode)) return FileError(EISDIR, path_, kCannot);
  if (there && !S_ISREG(info.st_mode)) {
    const int error = file_calls::Open(target->path, O_WRONLY | O_NOCTTY, &file_);
    return error != 0 ? FileError(error, path_, kCannot) : absl::OkStatus();
  }
  // A file that may not be written to is not replaced either.
  if (there && access(target->path.c_str(), W_OK) != 0) return FileError(errno, path_, kCannot);
  target_ = target->path;
  return OpenAside(mode);
}

absl::Status FileWriter::OpenAside(mode_t mode) {
  // Without a name it is gone with the process, however that ends. Not every file system can.
  int error = file_calls::Open(ParentOf(target_), O_TMPFILE | O_WRONLY, &file_, mode);
  if (error == 0 && access(absl::StrCat("/proc/self/fd/", file_).c_str(), F_OK) == 0) {
    // The name itself is tried only at the end: one that is too long is said now.
    struct stat info;
    if (lstat(target_.c_str(), &info) == 0 || errno == ENOENT) return absl::OkStatus();
    return FileError(errno, path_, kCannot);
  }
  if (error == 0) file_calls::Close(std::exchange(file_, -1));
  do {
    aside_.emplace(AsideName(target_));
    error = file_calls::Open(aside_->name(), O_WRONLY | O_CREAT | O_EXCL, &file_, mode);
  } while (error == EEXIST);
  if (error == 0) return absl::OkStatus();
  aside_.reset();
  return FileError(error, path_, kCannot);
}

FileWriter::~FileWriter() {
  if (file_ >= 0) file_calls::Close(file_);
  if (aside_) file_calls::Remove(aside_->name());
}

absl::Status FileWriter::WriteBuffer() {
  const int error = file_calls::Write(file_, path_, buffer_.data(), buffer_.size());
  buffer_.clear();
  return error != 0 ? FileError(error, path_, kCannot) : absl::OkStatus();
}

absl::Status FileWriter::Append(absl::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBuffer) {
    if (absl::Status status = WriteBuffer(); !status.ok()) return status;
  }
  if (bytes.size() < kBuffer) {
    buffer_.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  const int error = file_calls::Write(file_, path_, bytes.data(), bytes.size());
  return error != 0 ? FileError(error, path_, kCannot) : absl::OkStatus();
}

absl::Status FileWriter::NameIt() {
  int error = 0;
  if (!aside_) {
    do {
      aside_.emplace(AsideName(target_));
      error = file_calls::Link(file_, path_, aside_->name());
    } while (error == EEXIST);
    if (error != 0) aside_.reset();
  }
  if (error == 0) error = file_calls::Rename(aside_->name(), target_);
  if (error != 0) return FileError(error, path_, kCannot);
  aside_.reset();
  return absl::OkStatus();
}

absl::Status FileWriter::Commit() {
  if (absl::Status status = WriteBuffer(); !status.ok()) return status;
  int error = file_calls::Flush(file_, path_);
  if (target_.empty() && NothingToFlush(error)) error = 0;
  if (error != 0) return FileError(error, path_, kCannot);
  if (!target_.empty()) {
    if (absl::Status status = NameIt(); !status.ok()) return status;
  }
  error = file_calls::Close(std::exchange(file_, -1));
  if (error == 0 && !target_.empty()) error = file_calls::FlushFolder(ParentOf(target_));
  return error != 0 ? FileError(error, path_, kCannot) : absl::OkStatus();
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view contents) {
  absl::StatusOr<std::unique_ptr<FileWriter>> writer = FileWriter::Create(path);
  if (!writer.ok()) return writer.status();
  const absl::Status status = (*writer)->Append(contents);
  return status.ok() ? (*writer)->Commit() : status;
}

absl::Status AppendToFile(const std::string& path, absl::string_view bytes) {
  constexpr char kDoing[] = "cannot be appended to";
  int file = -1;
  int error = file_calls::Open(path, O_WRONLY | O_CREAT | O_APPEND, &file);
  if (error != 0) return FileError(error, path, kDoing);
  struct stat info;
  const bool known = fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  error = file_calls::Write(file, path, bytes.data(), bytes.size());
  // Half a record is worse than none.
  if (error != 0 && known && ftruncate(file, info.st_size) != 0) error = errno;
  const int closed = file_calls::Close(file);
  if (error == 0) error = closed;
  return error != 0 ? FileError(error, path, kDoing) : absl::OkStatus();
}

absl::Status FlushFile(const std::string& path) {
  int file = -1;
  int error = file_calls::Open(path, O_WRONLY, &file);
  if (error == ENOENT) return absl::OkStatus();
  if (error == 0) {
    error = file_calls::Flush(file, path);
    const int closed = file_calls::Close(file);
    if (error == 0) error = closed;
    if (error == 0) error = file_calls::FlushFolder(ParentOf(path));
  }
  return error != 0 ? FileError(error, path, "cannot be flushed") : absl::OkStatus();
}

bool HasPlaceBeside(const std::string& path) {
  const absl::StatusOr<Target> target = Follow(path);
  struct stat info;
  const bool there = target.ok() && stat(target->path.c_str(), &info) == 0;
  return !(target.ok() && target->descriptor >= 0) && (!there || S_ISREG(info.st_mode));
}

bool IsStandardOutput(const std::string& path) {
  struct stat output, named;
  return fstat(STDOUT_FILENO, &output) == 0 && stat(path.c_str(), &named) == 0 &&
         output.st_dev == named.st_dev && output.st_ino == named.st_ino;
}

}  // namespace pretext
