// A file of named sections that is either whole or not there, mapped into memory.
//
// It is written aside, flushed to the disk and only then given its name, so that what has the name
// was finished; and it carries the key that it was made from and a checksum of every block, so that
// a file that was damaged later, or that belongs to something else, is not taken for it. A file
// that fails any test is as good as absent: it is made again.
//
//   sections, each at a multiple of 64 bytes | CacheFileIndex | its size, u64 | its CRC-32, u32 |
//   "PTXCACH1"
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file/file_writer.h"
#include "base/file/mapped_file.h"

namespace pretext {

class CacheFileWriter {
 public:
  // Makes the folder of `path` where it is missing. Unless the rights are said, what it makes is
  // the user's alone: text may be private. Errors name what could not be made, and why.
  static absl::StatusOr<std::unique_ptr<CacheFileWriter>> Create(
      const std::string& path, FileRights rights = FileRights::kPrivate);
  ~CacheFileWriter();  // without Finish: nothing is left

  // Appends to the section of that name, which begins with its first Append. Sections may be
  // written in turns.
  absl::Status Append(std::string_view section, const void* bytes, size_t size);
  // Appends nothing: makes a section that may stay empty.
  absl::Status Declare(std::string_view section) { return Append(section, nullptr, 0); }

  // Puts the file in its place, over what was there.
  absl::Status Finish(std::string_view key);

 private:
  struct Section;

  CacheFileWriter(std::string path, FileRights rights);
  absl::Status Flush(Section& section);

  const std::string path_;
  const FileRights rights_;
  std::vector<std::unique_ptr<Section>> sections_;
};

class CacheFile {
 public:
  // NotFound when there is no file; DataLoss when it is not whole, or not made from `key`. Reads
  // all of it once, on all threads, for the checksums.
  static absl::StatusOr<std::unique_ptr<CacheFile>> Open(const std::string& path,
                                                         std::string_view key);
  // The bytes of a section, for as long as this object lives; 64-byte aligned.
  // Empty when there is none.
  std::string_view Section(std::string_view name) const;
  // The same as numbers.
  template <typename T>
  const T* Data(std::string_view name) const {
    return reinterpret_cast<const T*>(Section(name).data());
  }
  template <typename T>
  int64_t Count(std::string_view name) const {
    return static_cast<int64_t>(Section(name).size() / sizeof(T));
  }

 private:
  explicit CacheFile(MappedFile file) : file_(std::move(file)) {}
  absl::Status Verify(const std::string& path, std::string_view key);

  MappedFile file_;
  absl::flat_hash_map<std::string, std::string_view> sections_;
};

}  // namespace pretext
