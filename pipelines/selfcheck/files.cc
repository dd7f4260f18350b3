#include <unistd.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "base/file/aside.h"
#include "base/file/file_lock.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/file/read_file.h"
#include "base/text/counted.h"
#include "pipelines/selfcheck/selfcheck.h"

namespace pretext {
namespace {

absl::Status TryFiles(const std::string& folder) {
  const std::string file = folder + "/file";
  for (const char* text : {"first", "second"}) {
    absl::Status status = WriteFileAtomically(file, text);
    if (!status.ok()) return status;
    const absl::StatusOr<std::string> read = ReadFile(file);
    if (!read.ok()) return read.status();
    if (*read != text) return absl::DataLossError(file + ": holds something else than was written");
  }
  for (const char* name : {"/old", "/new"}) {
    absl::Status status = MakeFolders(folder + name);
    if (status.ok()) status = WriteFileAtomically(folder + name + "/name", name);
    if (!status.ok()) return status;
  }
  if (absl::Status status = ReplaceFolder(folder + "/new", folder + "/old"); !status.ok())
    return status;
  const absl::StatusOr<std::string> there = ReadFile(folder + "/old/name");
  if (!there.ok()) return there.status();
  if (*there != "/new") return absl::DataLossError(folder + "/old: was not replaced");
  const auto lock = FileLock::Take(folder + "/lock");
  if (!lock.ok()) return lock.status();
  const auto second = FileLock::Take(folder + "/lock");
  if (second.ok()) return absl::DataLossError(folder + "/lock: can be taken twice");
  return FlushFolder(folder);
}

}  // namespace

CheckResult CheckFiles(const std::string& folder) {
  const auto own = AsideFolder::Create(folder + "/selfcheck");
  absl::Status status = own.status();
  if (status.ok()) status = TryFiles((*own)->name());
  if (own.ok()) status.Update(RemoveAll((*own)->name()));
  if (!status.ok()) return {false, std::string(status.message())};
  const absl::StatusOr<int64_t> bytes = FreeBytes(folder);
  return {true, absl::StrCat(
                    "written aside, renamed, exchanged and locked in ", folder,
                    bytes.ok() ? absl::StrCat("; ", Counted(*bytes / 1000000), " MB free") : "")};
}

}  // namespace pretext
