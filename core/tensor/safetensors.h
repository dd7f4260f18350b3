// Tensors by name in one file, in the safetensors format: an 8-byte little-endian length, a JSON
// header of that length, and the data. The format of HuggingFace's library of that name, which
// reads what this writes and the other way round.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"

namespace pretext {

struct NamedTensor {
  std::string name;
  Tensor tensor;  // float32 or int32; written row-major
};

struct TensorFile {
  std::vector<NamedTensor> tensors;  // in the file's order of data
  std::map<std::string, std::string> metadata;
};

// The file's contents. Names are unique.
std::string SerializeTensors(const TensorFile& file);

// Reads what SerializeTensors wrote. Checked strictly, before anything is allocated:
// the header's length and JSON, known types (F32, I32), shapes of at most five dimensions,
// offsets that follow one another without gap or overlap, fit the shapes and end with the data.
// `name` is the file's, for messages.
absl::StatusOr<TensorFile> ParseTensors(const std::string& name, const std::string& contents);

}  // namespace pretext
