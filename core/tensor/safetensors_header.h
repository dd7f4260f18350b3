// What stands before the data of a safetensors file: the tensors' names, types, shapes and places.
// Read of any file, whoever wrote it, and written of ours.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/number_type/number_type.h"
#include "core/tensor/shape.h"

namespace pretext {

struct StoredTensor {
  std::string name;
  NumberType type = NumberType::kF32;
  Shape shape;
  int64_t begin = 0, end = 0;  // bytes, from the first of the data
};

struct SafetensorsHeader {
  std::vector<StoredTensor> tensors;            // in the order of the data
  std::map<std::string, std::string> metadata;  // without our checksums (safetensors.h)
  size_t data = 0;                              // where the data begin in the file

  // A tensor's bytes in the file's.
  absl::string_view BytesOf(const StoredTensor& tensor, absl::string_view contents) const {
    return contents.substr(data + static_cast<size_t>(tensor.begin),
                           static_cast<size_t>(tensor.end - tensor.begin));
  }
};

// Checked strictly: the header's length and JSON, known types, shapes of at most five dimensions,
// offsets that follow one another without gap or overlap, fit the shapes and end with the data,
// and our checksums where the file has any. DataLoss says what is wrong; `name` is the file's.
absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(const std::string& name,
                                                         absl::string_view contents);

// CRC-32, as eight hexadecimal digits.
std::string Checksum(absl::string_view bytes);
// The same of bytes that come one after the other.
class RunningChecksum {
 public:
  void Add(absl::string_view bytes);
  std::string text() const;

 private:
  uint32_t sum_ = 0;
};

// A tensor that is to be written, and the checksum of its data.
struct WrittenTensor {
  std::string name;
  NumberType type = NumberType::kF32;
  Shape shape;
  std::string checksum;
};

// All that stands before the data of a file of ours, in the order of the tensors, so that equal
// files are equal byte for byte. Names are used once. Our checksums are in the metadata, the
// header's own too.
std::string SafetensorsHeaderText(const std::map<std::string, std::string>& metadata,
                                  const std::vector<WrittenTensor>& tensors);

}  // namespace pretext
