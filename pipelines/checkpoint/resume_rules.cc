#include "pipelines/checkpoint/resume_rules.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/plugin/optimizer.h"
#include "core/plugin/registry.h"
#include "google/protobuf/any.pb.h"
#include "pipelines/text/config_differences.h"
#include "pipelines/text/load_pipeline.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

// These fields, and those inside of them. A part's type is not inside of it.
constexpr absl::string_view kFree[] = {"name",
                                       "version",
                                       "schedule",
                                       "evaluate",
                                       "output",
                                       "checkpoints",
                                       "train.epochs",
                                       "train.steps",
                                       "train.clip_norm",
                                       "train.log_every",
                                       "train.threads",
                                       "train.prefetch",
                                       "train.timeout_seconds",
                                       "train.gradient_checkpointing",
                                       "train.checkpoint_every_steps"};
// Inside of what is free: what made the training samples, and where the run is, which stays there.
constexpr absl::string_view kBound[] = {"evaluate.validation", "output.directory"};
constexpr absl::string_view kFreeInside[] = {"dataset", "optimizer"};

bool IsInside(absl::string_view path, absl::string_view of) {
  return absl::StartsWith(path, of) && path.size() > of.size() &&
         (path[of.size()] == '.' || path[of.size()] == '[');
}

// The paths of what gives the optimizer's state its meaning, as the optimizer itself says; none of
// one that cannot be made, whose faults assembly names.
std::vector<std::string> PathsOfState(const Pipeline& config) {
  std::vector<std::string> paths;
  const auto optimizer = Registry<Optimizer>::Create(config.optimizer(), BuildContext());
  if (!optimizer.ok()) return paths;
  for (const std::string& field : (*optimizer)->fields_of_state())
    paths.push_back(absl::StrCat("optimizer.", field));
  return paths;
}

bool IsFree(const std::string& path) {
  if (std::find(std::begin(kBound), std::end(kBound), path) != std::end(kBound)) return false;
  const auto is_or_inside = [&](absl::string_view of) { return path == of || IsInside(path, of); };
  const auto inside = [&](absl::string_view of) { return IsInside(path, of); };
  return std::any_of(std::begin(kFree), std::end(kFree), is_or_inside) ||
         std::any_of(std::begin(kFreeInside), std::end(kFreeInside), inside);
}

std::string Line(absl::string_view what, absl::string_view is, absl::string_view was) {
  return absl::StrCat(what, ": is ", is, " now, and was ", was, " when the run was begun");
}

}  // namespace

absl::Status CheckResumable(const RunOrigin& was, const RunOrigin& is) {
  std::vector<std::string> faults;
  if (was.version != is.version) {
    faults.push_back(Line("the version of pretext", is.version, was.version));
  }
  const LoadedPipeline before = LoadPipelineText("the checkpoint's pipeline", was.pipeline);
  const LoadedPipeline after = LoadPipelineText("the run's pipeline", is.pipeline);
  if (before.map.ok() && after.map.ok()) {
    std::vector<std::string> of_state = PathsOfState(*before.config);
    for (const std::string& path : PathsOfState(*after.config)) of_state.push_back(path);
    for (const ConfigDifference& d : CompareConfigs(*before.config, *after.config)) {
      const bool is_of_state =
          std::find(of_state.begin(), of_state.end(), d.path) != of_state.end();
      if (IsFree(d.path) && !is_of_state) continue;
      faults.push_back(Line(d.path, d.after, d.before));
      // Several processes make as many blocks where the pipeline says none.
      if (d.path == "train.blocks" && d.before == "0") {
        faults.back() +=
            ": a run of one process, whose batches are taken whole, is not shared out among "
            "several later. Go on with it without --processes; one that is begun with train { "
            "blocks: 8 } goes on among any number up to 8";
      }
    }
  } else if (was.version == is.version) {
    return before.map.ok() ? after.map.status() : before.map.status();
  }
  // With another vocabulary the data are other tokens, too.
  if (was.tokenizer != is.tokenizer && faults.empty()) {
    faults.push_back(Line("the checksum of the vocabulary", is.tokenizer, was.tokenizer));
  }
  if (was.data != is.data && faults.empty()) {
    faults.push_back(Line("the data", is.data, was.data));
  }
  if (faults.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a run goes on with what it was begun with; for anything else begin a new one\n",
                   absl::StrJoin(faults, "\n")));
}

}  // namespace pretext
