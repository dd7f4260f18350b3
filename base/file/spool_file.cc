#include "base/file/spool_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/file/aside.h"
#include "base/file/file_calls.h"

namespace pretext {
namespace {

constexpr char kCannot[] = "no file can be written in this folder";

}  // namespace

absl::StatusOr<std::unique_ptr<SpoolFile>> SpoolFile::Create(const std::string& folder) {
  const mode_t mode = FileMode(FileRights::kPrivate);
  int file = -1;
  int error = file_calls::Open(folder, O_TMPFILE | O_RDWR, &file, mode);
  // Not every file system has nameless files: one that loses its name at once is as good.
  if (error == EOPNOTSUPP || error == EISDIR || error == EINVAL) {
    std::string name;
    do {
      name = AsideName(folder + "/spool");
      error = file_calls::Open(name, O_RDWR | O_CREAT | O_EXCL, &file, mode);
    } while (error == EEXIST);
    if (error == 0) file_calls::Remove(name);
  }
  if (error != 0) return FileError(error, folder, kCannot);
  return std::unique_ptr<SpoolFile>(new SpoolFile(folder, file));
}

SpoolFile::~SpoolFile() { file_calls::Close(file_); }

absl::Status SpoolFile::Append(absl::string_view bytes) {
  const int error = file_calls::Write(file_, folder_, bytes.data(), bytes.size());
  return error != 0 ? FileError(error, folder_, kCannot) : absl::OkStatus();
}

absl::Status SpoolFile::CopyTo(FileWriter& writer) const {
  std::string block(size_t{1} << 20, '\0');
  for (off_t at = 0;;) {
    const ssize_t got = pread(file_, block.data(), block.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError(errno, folder_, "a file in this folder cannot be read");
    if (got == 0) return absl::OkStatus();
    const absl::Status status =
        writer.Append(absl::string_view(block.data(), static_cast<size_t>(got)));
    if (!status.ok()) return status;
    at += got;
  }
}

}  // namespace pretext
