#include "pipelines/run/run_directory.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/file/read_file.h"

namespace pretext {
namespace {

absl::StatusOr<bool> IsRun(const std::string& path) {
  const absl::StatusOr<PathKind> kind = KindOfPath(path + "/pipeline.textproto");
  if (!kind.ok()) return kind.status();
  return *kind != PathKind::kNothing;
}

// The step of a metrics line, which starts {"step":N, — or -1.
int64_t StepOf(absl::string_view line) {
  constexpr char kStart[] = "{\"step\":";
  if (!absl::StartsWith(line, kStart)) return -1;
  const size_t end = line.find_first_of(",}", sizeof(kStart) - 1);
  int64_t step = -1;
  if (end == absl::string_view::npos ||
      !absl::SimpleAtoi(line.substr(sizeof(kStart) - 1, end - sizeof(kStart) + 1), &step)) {
    return -1;
  }
  return step;
}

}  // namespace

absl::StatusOr<RunDirectory> RunDirectory::Create(const std::string& path, bool exact) {
  std::string chosen = path;
  for (int number = 2;; ++number) {
    const absl::StatusOr<bool> taken = IsRun(chosen);
    if (!taken.ok()) return taken.status();
    if (!*taken) break;
    if (exact) {
      return absl::AlreadyExistsError(
          absl::StrCat(path, " holds a run already. Go on with it by --resume ", path,
                       ", or give output { directory } another name"));
    }
    chosen = absl::StrCat(path, "-", number);
  }
  if (absl::Status status = MakeFolders(chosen); !status.ok()) return status;
  return RunDirectory(chosen);
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

absl::Status RunDirectory::Log(int64_t step, double epoch, const std::string& group,
                               const std::vector<std::pair<std::string, double>>& scalars) {
  JsonObject values;
  JsonObject line;
  line.Add("step", step).Add("epoch", epoch);
  std::vector<std::pair<std::string, double>> tagged;
  for (const auto& [name, value] : scalars) {
    (group.empty() ? line : values).Add(name, value);
    tagged.emplace_back(absl::StrCat(group.empty() ? "train" : group, "/", name), value);
  }
  if (!group.empty()) line.Add(group, values);
  const absl::Status status = AppendToFile(metrics_path(), line.text() + "\n");
  if (!status.ok()) return status;
  return tensorboard_.is_open() ? tensorboard_.Write(step, tagged) : absl::OkStatus();
}

absl::Status RunDirectory::TruncateMetrics(int64_t step) {
  const absl::StatusOr<std::string> metrics = ReadFile(metrics_path());
  if (absl::IsNotFound(metrics.status())) return absl::OkStatus();
  if (!metrics.ok()) return metrics.status();
  std::string kept;
  for (const absl::string_view line : absl::StrSplit(*metrics, '\n')) {
    const int64_t at = StepOf(line);
    // A last line without its end was cut by a crash.
    if (at >= 0 && at <= step && line.back() == '}') absl::StrAppend(&kept, line, "\n");
  }
  return WriteFileAtomically(metrics_path(), kept);
}

}  // namespace pretext
