// A file of weights, whoever wrote it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file/mapped_file.h"
#include "core/tensor/safetensors_header.h"

namespace pretext {

// The run of ours that a file or folder lies in, by no more than three folders above; or empty.
std::string RunAbove(const std::string& path);

class WeightFile {
 public:
  // `from`: a .safetensors file; a run of ours (its latest checkpoint), a checkpoint, or any folder
  // with a model.safetensors, or with one .safetensors alone. Errors: nothing there; a pickle
  // (PyTorch's .pt, .pth, .bin), which is code and is not read, with the way to convert it; weights
  // in several files; a damaged file.
  static absl::StatusOr<WeightFile> Open(const std::string& from);

  const std::string& path() const { return path_; }
  const SafetensorsHeader& header() const { return header_; }
  // CRC-32 of the whole file.
  const std::string& checksum() const { return checksum_; }
  // A tensor's numbers as float32.
  void Read(const StoredTensor& tensor, float* to) const;

  // The run of ours that it lies in, or empty.
  const std::string& run() const { return run_; }
  // A file beside it, "config.json" say, where there is one; else empty.
  std::string Beside(const std::string& name) const;

 private:
  std::string path_, checksum_, run_;
  MappedFile file_;
  SafetensorsHeader header_;
};

}  // namespace pretext
