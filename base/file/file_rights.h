// Who may read what is made.
#pragma once

#include <sys/types.h>

namespace pretext {

// Whom the umask lets; or nobody but the user (0600, 0700), for what others of the machine have no
// business in.
enum class FileRights { kUmask, kPrivate };

constexpr mode_t FileMode(FileRights rights) {
  return rights == FileRights::kPrivate ? 0600 : 0666;
}
constexpr mode_t FolderMode(FileRights rights) {
  return rights == FileRights::kPrivate ? 0700 : 0777;
}

}  // namespace pretext
