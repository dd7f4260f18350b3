#include "pipelines/trained/trained.h"

#include "absl/strings/str_cat.h"
#include "base/file/is_there.h"
#include "core/plugin/tokenizer.h"
#include "pipelines/checkpoint/checkpoint.h"
#include "pipelines/checkpoint/fingerprint.h"
#include "pipelines/checkpoint/run_names.h"
#include "pipelines/encoder/encoder_folder.h"
#include "pipelines/initialize/weight_file.h"
#include "pipelines/run/run_directory.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

std::string RunOf(const std::string& path) {
  if (!IsThere(WeightsIn(path))) return path;
  const std::string run = RunAbove(path);
  return run.empty() ? path : run;
}

absl::StatusOr<Assembled> OpenTrained(const std::string& path) {
  if (IsEncoderFolder(path)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": holds an encoder alone, and its head is asked for, which the run has: name it"));
  }
  const absl::StatusOr<RunDirectory> directory = RunDirectory::Open(RunOf(path));
  if (!directory.ok()) return directory.status();
  AssemblyOptions options;
  options.run_directory = directory->path();
  absl::StatusOr<Assembled> parts = AssembleFile(directory->pipeline_path(), {}, options);
  if (!parts.ok()) return parts.status();
  const absl::Status status = LoadTrained(CheckpointAt(path, *directory), *parts);
  if (!status.ok()) return status;
  return parts;
}

std::string CheckpointAt(const std::string& path, const RunDirectory& run) {
  return run.path() == path ? run.checkpoint_path() : path;
}

absl::Status CheckVocabulary(const std::string& run, const Dataset& dataset) {
  const Tokenizer* tokenizer = dataset.tokenizer();
  if (tokenizer == nullptr || !tokenizer->needs_training()) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(run, "/", tokenizer->file_name(),
                                          ": is missing: the vocabulary that this run learnt"));
}

absl::Status LoadTrained(const std::string& checkpoint, Assembled& parts) {
  if (auto s = CheckVocabulary(RunOf(checkpoint), *parts.dataset); !s.ok()) return s;
  parts.Allocate(parts.config->train().seed());
  TokenizerInUse used;
  if (const Tokenizer* tokenizer = parts.dataset->tokenizer()) {
    used = {TokenizerFingerprint(*tokenizer),
            absl::StrCat(RunOf(checkpoint), "/", tokenizer->file_name())};
  }
  return LoadWeights(checkpoint, parts.parameter_sets(), used);
}

}  // namespace pretext
