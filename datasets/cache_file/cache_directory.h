// Where the caches of a dataset are, and who may read them.
#pragma once

#include <string>

#include "base/file/file_rights.h"
#include "core/plugin/build_context.h"
#include "core/plugin/field_checker.h"

namespace pretext {

struct CacheDirectory {
  std::string path;
  FileRights rights = FileRights::kPrivate;
};

// The folder that a config's field cache_directory asks for, with the rights that the umask leaves:
// whoever names one may mean to share it. Where it asks for none: pretext in $XDG_CACHE_HOME, or
// else in ~/.cache, or else pretext-cache in the folder of temporary files, the first of them that
// can be written to, the user's alone. A fault where there can be no such folder, unless a run is
// opened.
CacheDirectory CacheDirectoryFor(const std::string& asked, const BuildContext& context,
                                 FieldChecker& check);

}  // namespace pretext
