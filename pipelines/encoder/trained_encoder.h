// An encoder that was trained, with all that it takes to use it, and nothing that trained it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/plugin/augmentation.h"
#include "core/plugin/encoder.h"
#include "core/plugin/tokenizer.h"
#include "core/tensor/safetensors.h"
#include "pipelines/encoder/encoder_file.pb.h"

namespace pretext {

struct TrainedEncoder {
  std::string path;  // as it was opened, for messages
  EncoderFile file;
  FlowType sample, input;  // as in the file

  std::unique_ptr<Tokenizer> tokenizer;  // of text, else null
  std::string vocabulary_path;           // its vocabulary's, for messages
  std::vector<std::unique_ptr<Augmentation>> augmentations;
  std::vector<const Augmentation*> chain;  // these, in order; of them ApplyInEvaluation is used
  std::unique_ptr<Encoder> encoder;

  // Numbers of an embedding.
  int64_t features() const { return encoder->features(); }
};

// The parts that `file` describes, without their weights: parameters are declared, and not
// allocated. `file_path` names it in messages, in which faults have their places in `text`, the
// file's; a vocabulary is read from `folder`. Errors: InvalidArgument with a line a fault; NotFound
// or DataLoss where the vocabulary is not there or not the one that it was trained with.
absl::StatusOr<TrainedEncoder> MakeTrainedEncoder(const std::string& file_path,
                                                  const std::string& text,
                                                  const std::string& folder);

// Of weights that hold a teacher's encoder, that alone, by the names of the trained one; others are
// left as they are.
void TakeTeachers(TensorFile& weights);

// Allocates the encoder and gives it the tensors of a weights.safetensors, a checkpoint's or an
// encoder folder's. `checksum`: EncoderFile::weights, or empty for any. Errors: those of
// ReadTensors (core/tensor/safetensors.h) and TakeWeights (pipelines/checkpoint); DataLoss for
// other weights.
absl::Status LoadEncoderWeights(const std::string& weights_path, const std::string& checksum,
                                TrainedEncoder& trained);

}  // namespace pretext
