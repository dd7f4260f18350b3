#include "pipelines/run/run_directory.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "base/file/read_file.h"
#include "base/text/shell_word.h"
#include "pipelines/checkpoint/run_names.h"

namespace pretext {
namespace {

constexpr char kLock[] = ".lock";

absl::StatusOr<bool> IsRun(const std::string& path) {
  const absl::StatusOr<PathKind> kind = KindOfPath(PipelineIn(path));
  if (!kind.ok()) return kind.status();
  return *kind != PathKind::kNothing;
}

// Whether this is what a run leaves that was killed before it had a pipeline: its lock, with the
// number of a process or nothing in it, and the first file on its way (base/file/file_writer.h).
bool IsLeftByABeginning(const std::string& path, const std::string& name) {
  if (absl::StartsWith(name, absl::StrCat(".", kPipelineFile, ".")) &&
      absl::EndsWith(name, ".part")) {
    return true;
  }
  if (name != kLock) return false;
  constexpr int64_t kNumber = 32;
  const absl::StatusOr<std::string> number = ReadFile(absl::StrCat(path, "/", name), kNumber);
  return number.ok() && std::all_of(number->begin(), number->end(),
                                    [](char c) { return absl::ascii_isdigit(c) || c == '\n'; });
}

// OK where a run may begin, AlreadyExists with what is in the way, or what cannot be looked at.
absl::Status CheckEmpty(const std::string& path) {
  const absl::StatusOr<PathKind> kind = KindOfPath(path);
  if (!kind.ok()) return kind.status();
  if (*kind == PathKind::kNothing) return absl::OkStatus();
  if (*kind != PathKind::kFolder) {
    return absl::AlreadyExistsError(absl::StrCat(path, ": is no folder, and a run needs one"));
  }
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(path);
  if (!names.ok()) return names.status();
  if (std::find(names->begin(), names->end(), kPipelineFile) != names->end()) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, " holds a run already. Go on with it by --resume ", ShellWord(path),
                     ", or give output { directory } another name"));
  }
  for (const std::string& name : *names) {
    if (IsLeftByABeginning(path, name)) continue;
    return absl::AlreadyExistsError(absl::StrCat(
        path, ": there is something in this folder already, ", name,
        ", and a run is made in an empty one or a new one: give output { directory } the name of "
        "that"));
  }
  return absl::OkStatus();
}

// The user named a folder that is taken.
absl::Status Refused(const absl::Status& status) {
  return absl::IsAlreadyExists(status) ? absl::InvalidArgumentError(status.message()) : status;
}

}  // namespace

absl::Status RunDirectory::Lock() {
  absl::StatusOr<std::unique_ptr<FileLock>> lock = FileLock::Take(absl::StrCat(path_, "/", kLock));
  if (lock.ok()) lock_ = *std::move(lock);
  return absl::IsUnimplemented(lock.status()) ? absl::OkStatus() : lock.status();
}

absl::Status RunDirectory::CheckFree(const std::string& path) { return Refused(CheckEmpty(path)); }

absl::StatusOr<RunDirectory> RunDirectory::Begin(const std::string& path, bool exact) {
  std::string chosen = path;
  for (int number = 2;; ++number) {
    RunDirectory run(chosen);
    absl::Status status = CheckEmpty(chosen);
    if (status.ok()) {
      status = MakeFolders(chosen);
      if (status.ok()) status = run.Lock();
      if (!status.ok() && !absl::IsUnavailable(status)) return status;
      // Another may have been faster, and be through already.
      if (status.ok()) status = CheckEmpty(chosen);
      if (status.ok()) status = FlushFolder(ParentOf(chosen));
      if (status.ok()) return run;
    }
    const bool taken = absl::IsAlreadyExists(status) || absl::IsUnavailable(status);
    if (!taken) return status;
    if (exact && absl::IsAlreadyExists(status)) return Refused(status);
    if (exact) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, " is taken: another process begins a run in it (", status.message(),
                       "). Give output { directory } another name"));
    }
    chosen = absl::StrCat(path, "-", number);
  }
}

absl::StatusOr<RunDirectory> RunDirectory::Open(const std::string& path) {
  const absl::StatusOr<bool> is_run = IsRun(path);
  if (!is_run.ok()) return is_run.status();
  if (!*is_run) {
    return absl::NotFoundError(absl::StrCat(path,
                                            " is not a run: it has no pipeline.textproto. A run's "
                                            "folder is what `pretext train` names at its start"));
  }
  return RunDirectory(path);
}

absl::StatusOr<RunDirectory> RunDirectory::OpenToGoOn(const std::string& path) {
  absl::StatusOr<RunDirectory> run = Open(path);
  if (!run.ok()) return run.status();
  const absl::Status status = run->Lock();
  if (absl::IsUnavailable(status)) {
    return absl::UnavailableError(absl::StrCat(
        path, " is in use: a run is resumed when its training has ended (", status.message(), ")"));
  }
  if (!status.ok()) return status;
  return run;
}

bool RunDirectory::IsBeingTrained() const {
  return FileLock::IsTaken(absl::StrCat(path_, "/", kLock));
}

}  // namespace pretext
