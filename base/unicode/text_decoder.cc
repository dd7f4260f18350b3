#include "base/unicode/text_decoder.h"

#include <algorithm>

#include "absl/status/status.h"
#include "base/unicode/unicode.h"

namespace pretext {
namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr std::string_view kLittleEndianMark = "\xFF\xFE";
constexpr std::string_view kBigEndianMark = "\xFE\xFF";

}  // namespace

const char kNoText[] =
    "holds NUL bytes, so it is no text (UTF-16 is read where it begins with a byte-order mark)";

void TextDecoder::Append(std::string_view bytes, std::string& text) {
  if (encoding_ == Encoding::kUnknown) {
    pending_.append(bytes);
    if (pending_.size() < kUtf8Mark.size()) return;
    const std::string start = std::move(pending_);
    pending_.clear();
    std::string_view rest = start;
    if (rest.substr(0, 3) == kUtf8Mark) {
      encoding_ = Encoding::kUtf8;
      rest.remove_prefix(3);
    } else if (rest.substr(0, 2) == kLittleEndianMark || rest.substr(0, 2) == kBigEndianMark) {
      encoding_ = rest.substr(0, 2) == kLittleEndianMark ? Encoding::kUtf16LittleEndian
                                                         : Encoding::kUtf16BigEndian;
      rest.remove_prefix(2);
    } else {
      encoding_ = Encoding::kUtf8;
    }
    return Append(rest, text);
  }
  if (encoding_ == Encoding::kUtf8) {
    AppendUtf8(bytes, text);
  } else {
    AppendUtf16(bytes, text);
  }
}

void TextDecoder::Finish(std::string& text) {
  if (encoding_ == Encoding::kUnknown) {
    // One or two bytes in all.
    std::string_view rest = pending_;
    if (rest == kLittleEndianMark || rest == kBigEndianMark) return;
    encoding_ = Encoding::kUtf8;
    return AppendUtf8(rest, text);
  }
  if (high_half_ != 0 || (encoding_ != Encoding::kUtf8 && !pending_.empty()))
    AppendReplacement(text);
}

void TextDecoder::AppendUtf8(std::string_view bytes, std::string& text) {
  if (bytes.empty()) return;
  holds_nul_ = holds_nul_ || bytes.find('\0') != std::string_view::npos;
  if (after_return_ && bytes[0] == '\n') bytes.remove_prefix(1);
  after_return_ = false;
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\r'), bytes.size());
    text.append(bytes.substr(0, end));
    after_return_ = end < bytes.size();
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (!after_return_) return;
    text.push_back('\n');
    if (!bytes.empty() && bytes[0] == '\n') {
      bytes.remove_prefix(1);
      after_return_ = false;
    }
  }
}

void TextDecoder::AppendUtf16(std::string_view bytes, std::string& text) {
  const bool little = encoding_ == Encoding::kUtf16LittleEndian;
  for (const char byte : bytes) {
    if (pending_.empty()) {
      pending_.push_back(byte);
      continue;
    }
    const auto first = static_cast<unsigned char>(pending_[0]);
    const auto second = static_cast<unsigned char>(byte);
    pending_.clear();
    AppendUnit(static_cast<uint16_t>(little ? second << 8 | first : first << 8 | second), text);
  }
}

void TextDecoder::AppendUnit(uint16_t unit, std::string& text) {
  const bool low = unit >= 0xDC00 && unit <= 0xDFFF;
  if (high_half_ != 0) {
    const int32_t high = high_half_;
    high_half_ = 0;
    if (low) return AppendCharacter(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00), text);
    AppendReplacement(text);
  }
  if (low) return AppendReplacement(text);
  if (unit >= 0xD800 && unit <= 0xDBFF) {
    high_half_ = unit;
  } else {
    AppendCharacter(unit, text);
  }
}

void TextDecoder::AppendReplacement(std::string& text) {
  ++replaced_;
  AppendCharacter(kReplacementCharacter, text);
}

void TextDecoder::AppendCharacter(int32_t code_point, std::string& text) {
  const bool ends_return = after_return_ && code_point == '\n';
  after_return_ = code_point == '\r';
  holds_nul_ = holds_nul_ || code_point == 0;
  if (!ends_return) pretext::AppendUtf8(after_return_ ? '\n' : code_point, &text);
}

absl::StatusOr<std::string> DecodeText(std::string_view bytes, int64_t* replaced) {
  std::string text;
  text.reserve(bytes.size());
  TextDecoder decoder;
  decoder.Append(bytes, text);
  decoder.Finish(text);
  if (decoder.holds_nul()) return absl::InvalidArgumentError(kNoText);
  if (replaced != nullptr) {
    *replaced += decoder.replaced();
  } else if (decoder.replaced() > 0) {
    return absl::InvalidArgumentError("is ill-formed UTF-16: it has halves of characters");
  }
  return text;
}

}  // namespace pretext
