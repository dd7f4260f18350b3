// Files of CIFAR's binary version: records of one label byte (CIFAR-10) or two (CIFAR-100:
// superclass, class) and 3072 bytes of pixels, 3x32x32.
//
// Errors: a file that is absent, no file, empty, of a size that is no whole number of records, or
// that has a label beyond its classes, is a Status that names the path, what was found, what was
// expected and what to do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pretext {

inline constexpr int64_t kCifarPixels = 3 * 32 * 32;

// How a record is laid out.
struct CifarLayout {
  int label_bytes = 1;
  int label_at = 0;  // which of them is taken
  int classes = 10;  // labels are below it

  int64_t record() const { return label_bytes + kCifarPixels; }
};

inline constexpr CifarLayout kCifar10{1, 0, 10};
inline constexpr CifarLayout kCifar100{2, 1, 100};
inline constexpr CifarLayout kCifar100Coarse{2, 0, 20};

// CIFAR-10 or CIFAR-100, whichever has whole records in so many bytes: CIFAR-100 where neither has.
CifarLayout LayoutOfSize(int64_t bytes);

// The label of record `index`, whose bytes are given. InvalidArgument where it is beyond the
// classes says what was found and expected; what to do is for who knows where the layout is from.
absl::StatusOr<int32_t> LabelOfRecord(const std::string& path, const CifarLayout& layout,
                                      int64_t index, const uint8_t* record);

// How many records the file has, by its size alone.
absl::StatusOr<int64_t> CountCifarRecords(const std::string& path, const CifarLayout& layout);

// Appends the file's pixels and labels. `expected` records must be there.
absl::Status ReadCifarFile(const std::string& path, const CifarLayout& layout, int64_t expected,
                           std::vector<uint8_t>& pixels, std::vector<int32_t>& labels);
// The same of all records of a file whose size says its layout.
absl::Status ReadCifarFile(const std::string& path, std::vector<uint8_t>& pixels,
                           std::vector<int32_t>& labels);

}  // namespace pretext
