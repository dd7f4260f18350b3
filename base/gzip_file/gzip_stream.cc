#include "base/gzip_file/gzip_stream.h"

#include <algorithm>
#include <climits>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace pretext {
namespace {

constexpr size_t kBlock = size_t{1} << 16;
constexpr int kGzipOnly = 16 + MAX_WBITS;

}  // namespace

absl::StatusOr<std::unique_ptr<GzipStream>> GzipStream::Open(const std::string& path) {
  absl::StatusOr<std::unique_ptr<ByteStream>> stream = ByteStream::Open(path);
  if (!stream.ok()) return stream.status();
  return std::unique_ptr<GzipStream>(new GzipStream(*std::move(stream)));
}

GzipStream::~GzipStream() {
  if (inflating_) inflateEnd(&inflater_);
}

absl::StatusOr<size_t> GzipStream::Read(char* out, size_t size) {
  if (size == 0) return size;
  for (;;) {
    absl::Status status;
    switch (state_) {
      case State::kStart:
        status = Begin(State::kPlain);
        break;
      case State::kBetween:
        status = Begin(State::kEnd);
        break;
      case State::kPlain:
        return ReadPlain(out, size);
      case State::kInside: {
        const absl::StatusOr<size_t> got = Inflate(out, size);
        if (!got.ok() || *got > 0) return got;
        break;
      }
      case State::kEnd:
        return size_t{0};
    }
    if (!status.ok()) return status;
  }
}

absl::Status GzipStream::Fill(size_t bytes) {
  while (bytes_.size() - used_ < bytes && !ended_) {
    bytes_.erase(0, std::exchange(used_, 0));
    const size_t before = bytes_.size();
    bytes_.resize(before + kBlock);
    const absl::StatusOr<size_t> got = stream_->Read(bytes_.data() + before, kBlock);
    bytes_.resize(before + got.value_or(0));
    if (!got.ok()) return got.status();
    ended_ = *got == 0;
  }
  return absl::OkStatus();
}

bool GzipStream::IsMagic() const { return bytes_.compare(used_, 2, "\x1f\x8b") == 0; }

absl::Status GzipStream::Begin(State other) {
  if (absl::Status status = Fill(2); !status.ok()) return status;
  state_ = IsMagic() ? State::kInside : other;
  if (state_ != State::kInside) return absl::OkStatus();
  const int code = inflating_ ? inflateReset(&inflater_) : inflateInit2(&inflater_, kGzipOnly);
  if (code != Z_OK)
    return absl::ResourceExhaustedError(absl::StrCat(name(), ": no memory to decompress it"));
  inflating_ = true;
  return absl::OkStatus();
}

absl::StatusOr<size_t> GzipStream::ReadPlain(char* out, size_t size) {
  if (used_ == bytes_.size()) return stream_->Read(out, size);
  const size_t count = std::min(size, bytes_.size() - used_);
  std::memcpy(out, bytes_.data() + used_, count);
  used_ += count;
  return count;
}

absl::StatusOr<size_t> GzipStream::Inflate(char* out, size_t size) {
  if (absl::Status status = Fill(1); !status.ok()) return status;
  const size_t there = bytes_.size() - used_;
  const auto most = static_cast<uInt>(std::min<size_t>(size, UINT_MAX));
  inflater_.next_in = reinterpret_cast<Bytef*>(bytes_.data() + used_);
  inflater_.avail_in = static_cast<uInt>(there);
  inflater_.next_out = reinterpret_cast<Bytef*>(out);
  inflater_.avail_out = most;
  const int code = inflate(&inflater_, Z_NO_FLUSH);
  used_ += there - inflater_.avail_in;
  const size_t got = most - inflater_.avail_out;
  if (code == Z_STREAM_END) state_ = State::kBetween;
  if (code == Z_STREAM_END || code == Z_OK) return got;
  // Nothing more to read from, and nothing more in it.
  if (code == Z_BUF_ERROR && there == 0) return Damaged("the compressed data stops in the middle");
  return Damaged(inflater_.msg != nullptr ? inflater_.msg : zError(code));
}

absl::Status GzipStream::Damaged(const std::string& what) const {
  return absl::DataLossError(absl::StrCat(name(), ": is damaged (", what, ")"));
}

}  // namespace pretext
