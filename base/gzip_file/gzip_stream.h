// What comes as a stream (base/file/byte_stream.h), gzip-compressed or not: told from its first
// bytes, as GzipFile tells it of a file.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/file/byte_stream.h"

namespace pretext {

class GzipStream {
 public:
  // "-" is standard input. Errors: ByteStream::Open's.
  static absl::StatusOr<std::unique_ptr<GzipStream>> Open(const std::string& path);
  ~GzipStream();
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  // Up to `size` decompressed bytes, waiting for the first; 0 at the end. DataLoss where compressed
  // data are damaged or stop in the middle. What follows them and is not gzip is passed over.
  absl::StatusOr<size_t> Read(char* out, size_t size);

  // Of the stream's own bytes.
  double share() const { return stream_->share(); }
  const std::string& name() const { return stream_->name(); }

 private:
  enum class State { kStart, kPlain, kInside, kBetween, kEnd };  // kBetween: two of its members

  explicit GzipStream(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}

  // Reads until `bytes` are there that were not used, or the stream is at its end.
  absl::Status Fill(size_t bytes);
  // Whether what is next begins as gzip does.
  bool IsMagic() const;
  // kInside where what is next is gzip, else `other`.
  absl::Status Begin(State other);
  absl::StatusOr<size_t> ReadPlain(char* out, size_t size);
  // Decompresses what is there; 0 where that comes to nothing.
  absl::StatusOr<size_t> Inflate(char* out, size_t size);
  absl::Status Damaged(const std::string& what) const;

  const std::unique_ptr<ByteStream> stream_;
  State state_ = State::kStart;
  std::string bytes_;  // read from the stream
  size_t used_ = 0;    // of them
  bool ended_ = false;
  bool inflating_ = false;  // inflater_ is to be freed
  z_stream inflater_ = {};
};

}  // namespace pretext
