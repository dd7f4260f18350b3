// One process at a time: a lock that ends with its process, however that ends.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace pretext {

class FileLock {
 public:
  // Takes the lock that the file `path` stands for, and makes the file. Errors: Unavailable, at
  // once, when another has it (its process's number is named); Unimplemented on a file system
  // without locks; those of errno when the file cannot be made.
  static absl::StatusOr<std::unique_ptr<FileLock>> Take(const std::string& path);
  // Whether a process has it now. It is not taken for that: another may take it meanwhile. False
  // where the system does not tell.
  static bool IsTaken(const std::string& path);
  // Gives it up. The file stays: removing it would race with the next.
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int file) : file_(file) {}
  const int file_;
};

}  // namespace pretext
