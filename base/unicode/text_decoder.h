// The text that a file's bytes stand for, whatever system wrote it.
//
// A byte-order mark tells the encoding and is no part of the text: UTF-8 (also without a mark), or
// UTF-16 of either byte order, which becomes UTF-8. Every line ends with '\n': "\r\n" and a '\r' by
// itself become one. Ill-formed UTF-8 stays as it is (RepairUtf8); a surrogate without its other
// half, and half a unit at the end, become U+FFFD and are counted. A NUL is in no text: what holds
// one is data (a picture, UTF-16 without a mark, UTF-32), and the caller refuses it by its name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace pretext {

class TextDecoder {
 public:
  // Appends to `text` what the next bytes come to. In blocks of any sizes, the same text.
  void Append(std::string_view bytes, std::string& text);
  // Appends what is left when the bytes are at their end.
  void Finish(std::string& text);

  bool holds_nul() const { return holds_nul_; }  // so far
  // Ill-formed UTF-16 that became U+FFFD, so far.
  int64_t replaced() const { return replaced_; }

 private:
  enum class Encoding { kUnknown, kUtf8, kUtf16LittleEndian, kUtf16BigEndian };

  void AppendUtf8(std::string_view bytes, std::string& text);
  void AppendUtf16(std::string_view bytes, std::string& text);
  void AppendUnit(uint16_t unit, std::string& text);
  void AppendCharacter(int32_t code_point, std::string& text);
  void AppendReplacement(std::string& text);

  Encoding encoding_ = Encoding::kUnknown;
  std::string pending_;        // bytes at the start, or half a unit of UTF-16
  int32_t high_half_ = 0;      // the first of a pair of surrogates
  bool after_return_ = false;  // the character before was '\r'
  bool holds_nul_ = false;
  int64_t replaced_ = 0;
};

// The text of a whole file. Adds to *replaced what became U+FFFD, which without it is an error.
// Errors: that and a NUL (InvalidArgument; the message has no path).
absl::StatusOr<std::string> DecodeText(std::string_view bytes, int64_t* replaced = nullptr);

// What such an error says of a file: "holds NUL bytes, so it is no text …".
extern const char kNoText[];

}  // namespace pretext
