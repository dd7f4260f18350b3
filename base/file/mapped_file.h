// A file in memory without being read: its pages come as they are looked at.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pretext {

class MappedFile {
 public:
  // Errors name the path and the reason; InvalidArgument for what is no file. The file must not be
  // cut short while it is mapped: replace it (FileWriter), do not write into it.
  static absl::StatusOr<MappedFile> Open(const std::string& path);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  // Its bytes, page-aligned, as long as this object lives.
  absl::string_view contents() const { return {data_, size_}; }

 private:
  const char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace pretext
