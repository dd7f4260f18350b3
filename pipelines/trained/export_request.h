// A trained encoder as what exports take.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "exports/write/export_request.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/encoder/trained_encoder.h"

namespace pretext {

struct TrainedForExport {
  ExportRequest request;  // points into the others
  std::shared_ptr<TrainedEncoder> encoder;
  std::shared_ptr<Assembled> parts;  // with the head; else null
  std::shared_ptr<const google::protobuf::Message> encoder_config, head_config;
  std::shared_ptr<TrainedPart> encoder_part;  // what the head's part points to
};

// What OpenEncoder (open_encoder.h) opens; its head is the run's, and only a run or a checkpoint
// has one. Errors name the folder or the file at fault. InvalidArgument where pictures go through
// more on their way to the encoder than a scale for each channel.
absl::StatusOr<TrainedForExport> OpenForExport(const std::string& path, bool with_head,
                                               const std::string& version);

}  // namespace pretext
