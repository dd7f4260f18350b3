#include "pipelines/trained/trained.h"

#include "pipelines/checkpoint/checkpoint.h"
#include "pipelines/run/run_directory.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

absl::StatusOr<Assembled> OpenTrained(const std::string& run) {
  const absl::StatusOr<RunDirectory> directory = RunDirectory::Open(run);
  if (!directory.ok()) return directory.status();
  AssemblyOptions options;
  options.run_directory = directory->path();
  absl::StatusOr<Assembled> parts = AssembleFile(directory->pipeline_path(), {}, options);
  if (!parts.ok()) return parts.status();
  const uint64_t seed = parts->config->train().seed();
  ParameterSet &encoder = parts->encoder->parameters(), &head = parts->head->parameters();
  encoder.Allocate("encoder", seed);
  head.Allocate("head", seed);
  const absl::Status status = LoadWeights(directory->checkpoint_path(), {&encoder, &head});
  if (!status.ok()) return status;
  return parts;
}

}  // namespace pretext
