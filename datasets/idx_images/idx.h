// IDX files, the format of MNIST, Fashion-MNIST, EMNIST and KMNIST
// (http://yann.lecun.com/exdb/mnist).
//
//   bytes 0-1  zero
//   byte  2    type of the values: 0x08 is unsigned byte, the only one read here
//   byte  3    rank R
//   then       R sizes, 4 bytes each, big-endian
//   then       the values, the last index fastest
//
// Images have rank 3 (N×H×W, one channel), labels rank 1 (N). A file may be gzip-compressed; that
// is told from its content, not from its name.
//
// Errors: every fault of a file (absent, a directory, another format, another type or rank, empty,
// shorter or longer than its header says, damaged compression) is a Status that names the path,
// what was found, what was expected and what to do. Memory stays within a small factor of what the
// file really holds, whatever its header claims.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pretext {

struct IdxImageFile {
  int64_t count = 0;            // N
  int64_t height = 0;           // H
  int64_t width = 0;            // W
  std::vector<uint8_t> pixels;  // N×H×W
};

// The header alone: sizes are set, pixels are not read.
absl::StatusOr<IdxImageFile> ReadIdxImageHeader(const std::string& path);
absl::StatusOr<IdxImageFile> ReadIdxImages(const std::string& path);

// Whether the header is that of the labels of `expected_count` images that came from `images_path`.
absl::Status CheckIdxLabelHeader(const std::string& path, int64_t expected_count,
                                 const std::string& images_path);
// The labels of `expected_count` images that came from `images_path`.
absl::StatusOr<std::vector<uint8_t>> ReadIdxLabels(const std::string& path, int64_t expected_count,
                                                   const std::string& images_path);

}  // namespace pretext
