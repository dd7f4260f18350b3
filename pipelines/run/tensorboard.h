// Scalars and pictures for TensorBoard: an event file (TFRecord framing of Event messages) in
// RUN/tensorboard.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace pretext {

// CRC-32C (Castagnoli), as TFRecord frames carry it (masked).
uint32_t Crc32c(absl::string_view data);

class TensorBoardWriter {
 public:
  // Opens a new event file in the folder, which is made when it is missing. TensorBoard reads it
  // after those that are there, and forgets what they say of step `from_step` and beyond.
  absl::Status Open(const std::string& folder, int64_t from_step);
  bool is_open() const { return !path_.empty(); }
  // Appends one event and flushes it: a killed run loses nothing.
  // What `describe` says of a tag is written with its first scalar; "" is nothing.
  absl::Status Write(int64_t step, const std::vector<std::pair<std::string, double>>& scalars,
                     const std::function<std::string(absl::string_view)>& describe = nullptr);
  // Pictures, likewise.
  struct Picture {
    std::string tag, png;
    int height = 0, width = 0, channels = 0;
  };
  absl::Status Write(int64_t step, const std::vector<Picture>& pictures);

 private:
  std::string path_;
  absl::flat_hash_set<std::string> described_;
};

}  // namespace pretext
