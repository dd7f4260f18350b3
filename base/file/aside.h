// Files and folders that are written under a hidden name, and get theirs when they are whole.
//
// An error leaves nothing of them, nor does a signal after which RemoveAsides ends the work. What a
// kill leaves is a folder, or on a file system without nameless files a file, ".NAME.PID-N.part".
#pragma once

#include <memory>
#include <shared_mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pretext {

// A hidden name in the folder of `path`, unlike any that this process gave before. Another's may
// stand there: make the file with O_EXCL.
std::string AsideName(const std::string& path);

// That something is under such a name, as long as the object lives: RemoveAsides removes it.
class NamedAside {
 public:
  explicit NamedAside(std::string name);
  ~NamedAside();
  NamedAside(const NamedAside&) = delete;
  NamedAside& operator=(const NamedAside&) = delete;
  const std::string& name() const { return name_; }

 private:
  const std::string name_;
};

// A folder that is to stand at a path.
class AsideFolder {
 public:
  // Makes it, empty, and removes what killed processes left of theirs for the same path: their
  // locks ended with them. Where the file system has no locks that is left alone.
  static absl::StatusOr<std::unique_ptr<AsideFolder>> Create(const std::string& path);
  // What is not in its place is removed, with all in it.
  ~AsideFolder();
  AsideFolder(const AsideFolder&) = delete;
  AsideFolder& operator=(const AsideFolder&) = delete;

  const std::string& name() const { return aside_.name(); }
  // As ReplaceFolder.
  absl::Status PutInPlace();

 private:
  AsideFolder(std::string path, std::string name) : path_(std::move(path)), aside_(name) {}
  absl::StatusOr<bool> MakeAndLock();

  const std::string path_;
  const NamedAside aside_;
  bool made_ = false;
  int lock_ = -1;
};

// While one lives, RemoveAsides waits: for files that are put in their places together. One a
// thread.
class PuttingInPlace {
 public:
  PuttingInPlace();

 private:
  const std::shared_lock<std::shared_mutex> lock_;
};

// Removes what this process has aside, and lets nothing more be put in its place. For a process
// that is about to end, on a thread that writes nothing itself.
void RemoveAsides();

}  // namespace pretext
