// The system calls that change files, so that a test can see them and make them fail.
//
// All that the program writes goes through these: which file is flushed before which rename is
// asserted, not hoped for, and a full disk or a file system without an operation needs no such disk
// to be tested.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace pretext {

struct FileCall {
  enum class Kind {
    kOpen,         // a file is made, or opened to be written to
    kWrite,        // some bytes
    kFlush,        // fsync of a file
    kFlushFolder,  // fsync of a folder: makes renames in it last
    kLink,         // a nameless file gets a name
    kRename,       // path -> to
    kExchange,     // path <-> to
    kMakeFolder,   //
    kRemove,       // a file, or a folder with all in it
    kLock,         //
  };
  Kind kind;
  std::string path;
  std::string to;  // of a link, rename or exchange
};

// While it lives, `watch` is shown every call of the process before it is made. What it returns is
// 0, or the errno with which the call fails and is not made. One at a time; for tests.
class FileWatch {
 public:
  explicit FileWatch(std::function<int(const FileCall&)> watch);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

 private:
  std::function<int(const FileCall&)> watch_;
};

// "PATH: DOING: REASON" with the code of the errno: NotFound, PermissionDenied, ResourceExhausted …
absl::Status FileError(int error, absl::string_view path, absl::string_view doing);

// The calls. Each returns 0 or an errno; interrupted ones are made again.
namespace file_calls {

// A file that is made has the rights `mode` less the umask. *file is closed by Close.
int Open(const std::string& path, int flags, int* file, mode_t mode = 0666);
int Write(int file, const std::string& path, const void* bytes, size_t size);  // all of them
int Flush(int file, const std::string& path);
int Close(int file);
int Link(int file, const std::string& path, const std::string& to);  // of an O_TMPFILE
int Rename(const std::string& path, const std::string& to);
int Exchange(const std::string& path, const std::string& to);
int FlushFolder(const std::string& path);
int MakeFolder(const std::string& path, mode_t mode);  // no error where it is already
int Remove(const std::string& path);                   // no error where there is nothing
int Lock(int file, const std::string& path);           // EWOULDBLOCK where another has it

}  // namespace file_calls
}  // namespace pretext
