// What a file has of pictures: one of them, or records.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/image/image_io.h"

namespace pretext {

struct PictureFileKind {
  enum Holds : uint8_t {
    kIdxImages,     // or another IDX file of bytes, of which its reader says what it is
    kPicture,       // of `format`, which may be one that is not read
    kCifarRecords,  // by its name alone, .bin: they begin with nothing of their own
    kOther,
  };
  Holds holds = kOther;
  PictureFormat format;
};

// By the file's first bytes, decompressed where it is gzip, then by its name. Errors name the path:
// nothing there, no file, an empty one.
absl::StatusOr<PictureFileKind> PictureFileKindOf(const std::string& path);

}  // namespace pretext
