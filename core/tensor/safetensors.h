// Tensors by name in one file, in the safetensors format: an 8-byte little-endian length, a JSON
// header of that length, and the data. The format of HuggingFace's library of that name, which
// reads what this writes and the other way round.
//
// What is written here carries CRC-32 checksums, which other readers pass over, in __metadata__:
// "crc32:NAME" of each tensor's data, and "crc32" of the header itself, with eight zeros in its own
// place. Each is eight hexadecimal digits.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file/mapped_file.h"
#include "core/tensor/safetensors_header.h"
#include "core/tensor/tensor.h"

namespace pretext {

struct NamedTensor {
  std::string name;
  Tensor tensor;      // float32 or int32; written row-major
  bool wide = false;  // int32 here, I64 in the file, as PyTorch counts
};

// An int32 tensor's numbers as int64, as a wide one stands in a file.
std::string ToInt64Bytes(const Tensor& ints);
// The way back, into a tensor of as many numbers; false where one does not fit.
bool FromInt64Bytes(const char* bytes, Tensor& ints);

// CRC-32, as eight hexadecimal digits, of a tensor's data, row-major.
std::string TensorChecksum(const Tensor& tensor);

struct TensorFile {
  std::vector<NamedTensor> tensors;             // in the file's order of data
  std::map<std::string, std::string> metadata;  // without the checksums
};

// The file's contents. Names are unique.
std::string SerializeTensors(const TensorFile& file);

// Reads what SerializeTensors wrote. Checked strictly, before anything is allocated: the header's
// length and JSON, known types (F32, I32; I64 of numbers that fit into 32 bits), shapes of at most
// five dimensions, offsets that follow one another without gap or overlap, fit the shapes and end
// with the data, and the checksums where the file has any: a byte that was changed anywhere is
// DataLoss, which names the tensor. `name` is the file's, for messages.
absl::StatusOr<TensorFile> ParseTensors(const std::string& name, absl::string_view contents);

// The same to a file and from one, without a second copy in memory. A crash while it is written
// leaves the old file (base/file/file_writer.h). Errors name the path.
absl::Status WriteTensors(const std::string& path, const TensorFile& file);
absl::StatusOr<TensorFile> ReadTensors(const std::string& path);

// A file of tensors, verified as ReadTensors does, whose data stay where they are: tensors are
// copied out of it one at a time, and there is no second copy of all.
class OpenedTensors {
 public:
  static absl::StatusOr<OpenedTensors> Open(const std::string& path);

  const std::vector<StoredTensor>& tensors() const { return header_.tensors; }
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }

  // Whether it can be copied into a tensor like this one: shape and type are the same.
  static bool Fits(const StoredTensor& stored, const Tensor& tensor);
  // TensorChecksum of what is stored.
  std::string ChecksumOf(const StoredTensor& stored) const;
  // Into a tensor that it fits, in whatever layout.
  void CopyTo(const StoredTensor& stored, Tensor& tensor) const;

 private:
  MappedFile file_;
  SafetensorsHeader header_;
};

}  // namespace pretext
