// An array in a .npy or .safetensors file, mapped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file/mapped_file.h"
#include "base/number_type/number_type.h"

namespace pretext {

class ArrayFile {
 public:
  // What is looked for in a .safetensors file that has several tensors.
  enum class Kind : uint8_t {
    kSamples,  // [N, D] or [N, C, H, W]
    kLabels,   // [N] whole numbers
  };

  // `tensor`: its name in a .safetensors file; empty: the only one of the kind, or of labels the
  // one called "labels". Errors name the file, what it holds and what would do: no such file, no
  // array file, no such tensor, several, a rank that the kind has not, no samples in it.
  static absl::StatusOr<ArrayFile> Open(const std::string& path, const std::string& tensor,
                                        Kind kind);
  ArrayFile() = default;

  const std::string& path() const { return path_; }
  NumberType type() const { return type_; }
  const std::vector<int64_t>& shape() const { return shape_; }
  int64_t rows() const { return shape_.empty() ? 0 : shape_[0]; }
  // "60000×784 of F32"
  std::string ToString() const;

  // A row's numbers.
  void Read(int64_t row, std::vector<double>& to) const;
  // Of a [N]: the number of a row, nothing where it is not whole.
  std::optional<int64_t> WholeNumber(int64_t row) const;

 private:
  int64_t row_size() const;  // numbers
  absl::Status OpenNpy();
  absl::Status OpenSafetensors(const std::string& tensor, Kind kind);
  absl::Status CheckShape(Kind kind) const;

  std::string path_;
  MappedFile file_;
  NumberType type_ = NumberType::kF32;
  std::vector<int64_t> shape_;
  const char* data_ = nullptr;
};

}  // namespace pretext
