// Writes files so that a crash, a full disk or a kill leaves the old file or the new one, never a
// part of one.
//
// A regular file is written aside, flushed, renamed over its name, and its folder flushed. What is
// no file (a device, a pipe, /dev/stdout) is written to and stays what it is. A symbolic link stays
// one: what it points to is written.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file/aside.h"
#include "base/file/file_rights.h"

namespace pretext {

class FileWriter {
 public:
  // Errors name the path, and the reason: no such folder, no right to write, a folder in its place.
  static absl::StatusOr<std::unique_ptr<FileWriter>> Create(const std::string& path,
                                                            FileRights rights = FileRights::kUmask);
  // Without Commit nothing is left, and what was there stays.
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  absl::Status Append(absl::string_view bytes);
  // Puts the file in its place. To be called once.
  absl::Status Commit();

 private:
  explicit FileWriter(std::string path) : path_(std::move(path)) {}
  absl::Status Open(mode_t mode);
  absl::Status OpenAside(mode_t mode);
  absl::Status WriteBuffer();
  absl::Status NameIt();

  const std::string path_;           // as asked for, for messages
  std::string target_;               // behind symbolic links; empty for what is no file
  std::optional<NamedAside> aside_;  // the name until it is committed; of a file that has one
  int file_ = -1;
  std::string buffer_;
};

absl::Status WriteFileAtomically(const std::string& path, absl::string_view contents);

// Appends whole records, as of a log: all of `bytes`, or none when the disk is full. Makes the
// file. Not flushed to the disk.
absl::Status AppendToFile(const std::string& path, absl::string_view bytes);
// Puts what was appended on the disk, and the file's name; a file that is not there is none.
absl::Status FlushFile(const std::string& path);

// Whether other files may lie beside what is written there: not beside a device, a pipe or one of
// this process's descriptors, as /dev/stdout is, also where a shell has led that to a file.
bool HasPlaceBeside(const std::string& path);

// Whether the path names this process's standard output: what is said there beside what is written
// would be mixed into it.
bool IsStandardOutput(const std::string& path);

}  // namespace pretext
