// What stands before the data of a .npy file (NumPy's format, versions 1 to 3), whoever wrote it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/number_type/number_type.h"

namespace pretext {

struct NpyHeader {
  NumberType type = NumberType::kF32;
  std::vector<int64_t> shape;
  size_t data = 0;  // where the data begin in the file
};

// Of the file `name`, whose contents are given: numbers of a NumberType, little-endian, in C order.
// DataLoss for what is no whole .npy file; InvalidArgument, with the way to convert it, for an
// array of objects, records, complex numbers, the other byte order or Fortran's order.
absl::StatusOr<NpyHeader> ParseNpyHeader(const std::string& name, absl::string_view contents);

}  // namespace pretext
