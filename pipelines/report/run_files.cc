#include "pipelines/report/run_files.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file/file_tree.h"
#include "base/file/folder.h"
#include "base/file/read_file.h"
#include "base/text/counted.h"
#include "pipelines/checkpoint/run_names.h"
#include "pipelines/report_data/report_data_file.h"
#include "pipelines/run/run_directory.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

// The last name of a path.
std::string LastName(absl::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  return std::string(slash == absl::string_view::npos ? path : path.substr(slash + 1));
}

// Whether all steps are made, and evaluated. A step's epoch is batches over those of an epoch, so
// it is whole exactly at the end.
bool IsFinished(const Pipeline& config, const RunHistory& history) {
  const auto& train = config.train();
  const bool made =
      train.has_steps()
          ? history.last_step() >= static_cast<double>(train.steps())
          : train.has_epochs() && history.last_epoch() >= static_cast<double>(train.epochs());
  return made && !history.evaluations().empty() &&
         history.evaluations().back().step == history.last_step();
}

}  // namespace

std::string RunFiles::StateInWords() const {
  const std::string steps = Counted(static_cast<int64_t>(history.last_step()));
  if (state == State::kFinished)
    return absl::StrFormat("finished: %s steps, %.4g epoch%s", steps, history.last_epoch(),
                           history.last_epoch() == 1 ? "" : "s");
  const auto& train = pipeline.config->train();
  std::string text =
      absl::StrCat(state == State::kTraining ? "being trained" : "unfinished", ": at step ", steps);
  if (train.has_steps()) absl::StrAppend(&text, " of ", Counted(train.steps()));
  absl::StrAppendFormat(&text, ", epoch %.4g", history.last_epoch());
  if (train.has_epochs()) absl::StrAppend(&text, " of ", train.epochs());
  return text;
}

absl::StatusOr<RunFiles> ReadRun(const std::string& path) {
  const absl::StatusOr<RunDirectory> run = RunDirectory::Open(path);
  if (!run.ok()) return run.status();
  RunFiles files;
  files.path = run->path();
  files.page = run->report_path();
  files.name = LastName(files.path);
  const absl::StatusOr<std::string> pipeline = ReadFile(run->pipeline_path());
  if (pipeline.ok()) {
    files.pipeline_text = *pipeline;
    files.pipeline = LoadPipelineText(run->pipeline_path(), *pipeline);
    if (!files.pipeline.map.ok()) files.damage.emplace_back(files.pipeline.map.status().message());
    if (!files.pipeline.config->name().empty()) files.name = files.pipeline.config->name();
  } else {
    files.damage.emplace_back(pipeline.status().message());
  }
  const absl::StatusOr<std::string> metrics = ReadFile(run->metrics_path());
  if (metrics.ok()) {
    const absl::StatusOr<std::string> times = ReadFile(run->times_path());
    files.history = RunHistory::Parse(times.ok() ? absl::StrCat(*metrics, *times) : *metrics);
    if (files.history.damaged_lines() > 0) {
      files.damage.push_back(absl::StrCat(
          run->metrics_path(), ": ", Counted(files.history.damaged_lines()),
          files.history.damaged_lines() == 1 ? " line is no metrics, and is left out"
                                             : " lines are no metrics, and are left out"));
    }
  } else if (!absl::IsNotFound(metrics.status())) {
    files.damage.emplace_back(metrics.status().message());
  }
  absl::StatusOr<ReportData> data = ReadReportData(files.path);
  if (data.ok()) {
    files.data = *std::move(data);
  } else if (!absl::IsNotFound(data.status())) {
    files.damage.emplace_back(data.status().message());
  }
  if (IsFinished(*files.pipeline.config, files.history)) {
    files.state = RunFiles::State::kFinished;
  } else if (run->IsBeingTrained()) {
    files.state = RunFiles::State::kTraining;
  }
  return files;
}

absl::StatusOr<std::vector<std::string>> FindRuns(const std::string& folder) {
  std::vector<std::string> runs, left = {folder};
  FileTree seen;
  seen.EnterFirst(folder);
  // Deeper than that nobody keeps runs, and links may go round.
  constexpr int kDepth = 5;
  for (int depth = 0; depth < kDepth && !left.empty(); ++depth) {
    std::vector<std::string> next;
    for (const std::string& path : left) {
      const absl::StatusOr<std::vector<std::string>> names = ListFolder(path);
      if (!names.ok() && depth == 0) return names.status();
      if (!names.ok()) continue;
      if (std::find(names->begin(), names->end(), kPipelineFile) != names->end()) {
        runs.push_back(path);
        continue;
      }
      for (const std::string& name : *names) {
        if (name[0] == '.') continue;
        std::string inside = absl::StrCat(path, absl::EndsWith(path, "/") ? "" : "/", name);
        const absl::StatusOr<PathKind> kind = KindOfPath(inside);
        if (kind.ok() && *kind == PathKind::kFolder) next.push_back(std::move(inside));
      }
    }
    // A folder by its own name rather than by a link's, and once.
    std::stable_partition(next.begin(), next.end(),
                          [](const std::string& path) { return !IsLink(path); });
    std::erase_if(next, [&](const std::string& path) { return !seen.EnterFirst(path); });
    left = std::move(next);
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

}  // namespace pretext
