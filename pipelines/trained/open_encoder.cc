#include "pipelines/trained/open_encoder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file/folder.h"
#include "base/file/is_there.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/checkpoint/run_names.h"
#include "pipelines/encoder/describe.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/trained/trained.h"
#include "pipelines/trained/use_overrides.h"

namespace pretext {
namespace {

// What a run's pipeline says of its encoder, as the text of a file.
absl::StatusOr<std::string> DescribeRun(const RunDirectory& run) {
  AssemblyOptions options;
  options.run_directory = run.path();
  const absl::StatusOr<Assembled> parts = AssembleFile(run.pipeline_path(), {}, options);
  if (!parts.ok()) return parts.status();
  if (auto s = CheckVocabulary(run.path(), *parts->dataset); !s.ok()) return s;
  const std::string& version = parts->config->version();
  absl::StatusOr<EncoderFile> file = DescribeEncoder(*parts, version, /*step=*/0);
  if (absl::IsFailedPrecondition(file.status())) {
    if (absl::Status loaded = parts->dataset->Load(); !loaded.ok()) return loaded;
    file = DescribeEncoder(*parts, version, /*step=*/0);
  }
  if (!file.ok()) return file.status();
  return SerializeEncoderFile(*file);
}

// The encoder of one of a run's checkpoints.
absl::StatusOr<TrainedEncoder> OpenCheckpoint(const RunDirectory& run,
                                              const std::string& checkpoint) {
  absl::StatusOr<TrainedEncoder> trained = OpenWithoutWeights(run);
  if (!trained.ok()) return trained.status();
  const absl::Status loaded = LoadEncoderWeights(WeightsIn(WholeFolder(checkpoint)), "", *trained);
  if (!loaded.ok()) return loaded;
  // They are those of the end, not of this checkpoint.
  trained->file.clear_figure();
  trained->file.clear_step();
  trained->file.clear_weights();
  return trained;
}

absl::StatusOr<TrainedEncoder> OpenAsTrained(const std::string& path) {
  if (IsEncoderFolder(path)) return OpenEncoderFolder(path);
  const absl::StatusOr<RunDirectory> run = RunDirectory::Open(RunOf(path));
  if (!run.ok()) {
    if (!absl::IsNotFound(run.status())) return run.status();
    return absl::NotFoundError(absl::StrCat(
        path,
        ": is neither a run (it has no pipeline.textproto), nor one of a run's checkpoints, "
        "nor the folder of an encoder (it has no encoder.textproto)"));
  }
  if (run->path() != path) return OpenCheckpoint(*run, path);
  if (IsEncoderFolder(run->encoder_path())) return OpenEncoderFolder(run->encoder_path());
  return OpenCheckpoint(*run, run->checkpoint_path());
}

}  // namespace

absl::StatusOr<TrainedEncoder> OpenWithoutWeights(const RunDirectory& run) {
  const std::string written = WholeFolder(run.encoder_path()) + kEncoderFile;
  const bool described = IsThere(written);
  const absl::StatusOr<std::string> text = described ? ReadEncoderText(written) : DescribeRun(run);
  if (!text.ok()) return text.status();
  return MakeTrainedEncoder(described ? written : run.pipeline_path(), *text, run.path());
}

absl::StatusOr<TrainedEncoder> OpenEncoder(const std::string& path,
                                           const std::vector<std::string>& overrides) {
  const absl::StatusOr<LoadedPipeline> over = ReadUseOverrides(overrides, {"train.precision"});
  if (!over.ok()) return over.status();
  absl::StatusOr<TrainedEncoder> trained = OpenAsTrained(path);
  if (!trained.ok()) return trained;
  trained->path = path;
  const Pipeline::Train& train = over->config->train();
  if (train.has_precision()) trained->file.set_precision(train.precision());
  return trained;
}

}  // namespace pretext
