// Folders, and what is at a path. No function throws: names of any length, links to themselves and
// folders without rights are errors that name the path and the reason.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file/file_rights.h"

namespace pretext {

enum class PathKind { kNothing, kFile, kFolder, kOther };  // kOther: a device, a pipe

// What is there, behind symbolic links. Errors: a link to itself, a name that is too long, a folder
// on the way that may not be entered.
absl::StatusOr<PathKind> KindOfPath(const std::string& path);

// The folder that a path's last name is in: "." for "name", "/" for "/name".
std::string ParentOf(const std::string& path);

// Makes a folder and those on its way that are missing. Those that are there keep their rights.
absl::Status MakeFolders(const std::string& path, FileRights rights = FileRights::kUmask);

// The names in a folder, sorted.
absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path);

// A file, or a folder with all in it; nothing there is no error.
absl::Status RemoveAll(const std::string& path);

// Makes renames and new files in the folder last.
absl::Status FlushFolder(const std::string& path);

// Puts the folder `aside` at `path`, in place of the one that may be there and that goes. Both are
// in one folder. In one step, by an exchange; a file system that has none (EINVAL of renameat2)
// takes two renames, between which a crash leaves the old one under OldFolder(path).
// With `old_to`, a path on the same file system, the old one goes there, in place of what may be
// there; a crash before that leaves it at `aside`, or as above.
absl::Status ReplaceFolder(const std::string& aside, const std::string& path,
                           const std::string& old_to = "");
std::string OldFolder(const std::string& path);
// Where the folder that ReplaceFolder was to put at `path` is to be read: `path`, or after such a
// crash the old one.
std::string WholeFolder(const std::string& path);

// Bytes that this user may still write to the file system that the path is, or will be, on.
absl::StatusOr<int64_t> FreeBytes(const std::string& path);

}  // namespace pretext
