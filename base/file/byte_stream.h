// A file, a pipe or standard input, read as it comes: for what need not fit into memory.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace pretext {

class ByteStream {
 public:
  // "-" is standard input. Errors name the path and the reason; InvalidArgument for a folder,
  // DeadlineExceeded for a pipe that nobody opens to write for some seconds.
  static absl::StatusOr<std::unique_ptr<ByteStream>> Open(const std::string& path);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  // Up to `size` bytes, waiting for the first; 0 at the end.
  absl::StatusOr<size_t> Read(char* out, size_t size);
  // The share of a file's bytes that was read, in [0, 1]; 0 of what has no known end.
  double share() const;

  // As messages name it: the path, or "standard input".
  const std::string& name() const { return name_; }

 private:
  ByteStream(std::string name, int file, double bytes)
      : name_(std::move(name)), file_(file), bytes_(bytes) {}

  const std::string name_;
  const int file_;
  const double bytes_;  // of a file; else 0
  double read_ = 0;
  std::string first_;  // read already, and not yet handed out
};

}  // namespace pretext
