// Reads a file that may be gzip-compressed; which it is, is told from its
// content, not from its name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct gzFile_s;

namespace pretext {

class GzipFile {
 public:
  // Errors: absent, not permitted, a directory or other irregular file, empty. `expected` is what
  // the messages say should be there ("IDX images").
  static absl::StatusOr<GzipFile> Open(const std::string& path, absl::string_view expected);

  // Reads up to `size` decompressed bytes; fewer only at the end of the data
  // or at a fault (see Fault()).
  int64_t Read(uint8_t* out, int64_t size);

  // What is wrong with the compressed data met so far, as " (…)" to append to a message; "" where
  // nothing is. After a read beyond the last byte this includes a checksum that does not match.
  std::string Fault() const;

  // The most bytes that the rest of the file can decompress to, given how many were read:
  // to judge a header by.
  int64_t MostBytesBeyond(int64_t read) const;

  const std::string& path() const { return path_; }
  int64_t size_on_disk() const { return size_on_disk_; }

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };
  std::string path_;
  int64_t size_on_disk_ = 0;
  std::unique_ptr<gzFile_s, Close> file_;
};

}  // namespace pretext
