// The vectors of a file that `pretext embed` wrote, with the names of what they are of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file/mapped_file.h"
#include "core/tensor/tensor.h"

namespace pretext {

class VectorTable {
 public:
  // A .npy or a .safetensors; names from the NAME.names.txt beside it, and what made the vectors
  // from NAME.encoder.txt, where that is there. Errors name the file: none such, no vectors of
  // float32 in it, another number of names. A .npy is mapped, not read.
  static absl::StatusOr<VectorTable> Open(const std::string& path);

  int64_t count() const { return count_; }
  int64_t width() const { return width_; }
  const float* row(int64_t n) const { return values_ + n * width_; }
  const std::string& name(int64_t n) const { return names_[static_cast<size_t>(n)]; }
  // BatchEncoder::Mark of what made the vectors; empty: not known.
  const std::string& encoder() const { return encoder_; }

 private:
  absl::Status OpenNpy(const std::string& path);
  absl::Status OpenSafetensors(const std::string& path);

  MappedFile file_;
  Tensor tensor_;
  const float* values_ = nullptr;  // in one of them
  int64_t count_ = 0, width_ = 0;
  std::vector<std::string> names_;
  std::string encoder_;
};

}  // namespace pretext
