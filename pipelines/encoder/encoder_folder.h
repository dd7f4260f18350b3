// The folder of a trained encoder, RUN/encoder: all that it takes to use it, and nothing else. It
// opens without the dataset and the files of the training, and can be copied anywhere.
//
//   encoder.textproto    what it is and how a file becomes its input (encoder_file.proto)
//   weights.safetensors  its tensors and running statistics, "encoder.…"; every byte under a
//                        checksum (core/tensor/safetensors.h)
//   vocab.txt, …         of an encoder of text: its tokenizer's files
//
// The first line of encoder.textproto is a checksum of the others, and the file holds one of the
// weights and one of the vocabulary: a changed byte in any of them is found, and parts of two
// encoders are not taken for one. Edit none of them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/autograd/parameter.h"
#include "core/plugin/tokenizer.h"
#include "pipelines/encoder/trained_encoder.h"

namespace pretext {

inline constexpr char kEncoderFile[] = "/encoder.textproto";

// Puts the folder at `path`, in place of one that may be there, atomically: written aside, flushed,
// exchanged; one that is there with the same in it is left alone. `file` without its `weights`.
// `tokenizer` is null but of text.
absl::Status WriteEncoderFolder(const std::string& path, EncoderFile file,
                                const ParameterSet& encoder, const Tokenizer* tokenizer);

// The text of an encoder.textproto, its checksum at the top.
std::string SerializeEncoderFile(const EncoderFile& file);
// The text of such a file, its checksum verified: DataLoss. Errors name the path.
absl::StatusOr<std::string> ReadEncoderText(const std::string& path);

// Whether `path` is such a folder.
bool IsEncoderFolder(const std::string& path);

// The encoder in a folder, its weights loaded. Errors name the file at fault.
absl::StatusOr<TrainedEncoder> OpenEncoderFolder(const std::string& path);

}  // namespace pretext
