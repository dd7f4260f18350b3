// Writes NumPy's .npy files (format 1.0): an array of float32 or int32 in C order, little endian.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file/file_writer.h"
#include "base/file/spool_file.h"

namespace pretext {

// An array that is written piece by piece, so that it need not fit into memory. The file takes its
// name when it is whole: until then, and after a fault, there is none, or the old one. A device or
// a pipe is written to as it comes (base/file/file_writer.h).
class NpyWriter {
 public:
  enum class Type { kFloat32, kInt32 };

  // An error names the file and what could not be done.
  static absl::StatusOr<NpyWriter> Create(const std::string& path, Type type,
                                          const std::vector<int64_t>& shape);

  // The next `count` elements.
  absl::Status Append(const float* values, int64_t count);
  absl::Status Append(const int32_t* values, int64_t count);
  // All that was spooled, `count` elements of the array's type.
  absl::Status Append(const SpoolFile& values, int64_t count);
  // After the last element. Checked: as many were written as the shape has.
  absl::Status Finish();

 private:
  NpyWriter() = default;
  absl::Status AppendBytes(Type type, const void* values, int64_t count);

  std::unique_ptr<FileWriter> file_;
  Type type_ = Type::kFloat32;
  int64_t missing_ = 0;  // elements
};

}  // namespace pretext
