#include "base/image/png_text.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace pretext {
namespace {

constexpr size_t kSignature = 8;
constexpr size_t kFrame = 12;  // of a chunk: its length, its type and its checksum
constexpr size_t kMostOfText = size_t{1} << 20;

uint32_t NumberAt(absl::string_view bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = at; i < at + 4; ++i) number = number << 8 | static_cast<uint8_t>(bytes[i]);
  return number;
}

std::string Inflated(absl::string_view packed) {
  std::string text(kMostOfText, '\0');
  uLongf size = text.size();
  const int result = uncompress(reinterpret_cast<Bytef*>(text.data()), &size,
                                reinterpret_cast<const Bytef*>(packed.data()), packed.size());
  text.resize(result == Z_OK ? size : 0);
  return text;
}

// What comes before the next zero, which goes as well.
absl::string_view Cut(absl::string_view& rest) {
  const size_t end = rest.find('\0');
  const absl::string_view field = rest.substr(0, end);
  rest.remove_prefix(end == absl::string_view::npos ? rest.size() : end + 1);
  return field;
}

// Of a chunk's data after the keyword.
std::string TextOf(absl::string_view type, absl::string_view rest) {
  if (type == "tEXt") return std::string(rest.substr(0, kMostOfText));
  if (rest.empty()) return "";
  const bool international = type == "iTXt";
  const bool packed = !international || rest[0] != 0;
  rest.remove_prefix(std::min<size_t>(rest.size(), international ? 2 : 1));  // flag, method
  if (international) Cut(rest), Cut(rest);  // the language, the keyword in it
  return packed ? Inflated(rest) : std::string(rest.substr(0, kMostOfText));
}

// The last chunk, of those whose type and data are `wanted`, that is whole: its type and its data.
template <typename Wanted>
std::pair<absl::string_view, absl::string_view> LastChunk(absl::string_view png,
                                                          const Wanted& wanted) {
  std::pair<absl::string_view, absl::string_view> last;
  for (size_t at = kSignature; at + kFrame <= png.size();) {
    const size_t size = NumberAt(png, at);
    if (size > png.size() - at - kFrame) break;
    const absl::string_view type = png.substr(at + 4, 4), data = png.substr(at + 8, size);
    if (wanted(type, data)) {
      const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(type.data()), size + 4);
      if (sum == NumberAt(png, at + 8 + size)) last = {type, data};
    }
    at += kFrame + size;
  }
  return last;
}

}  // namespace

absl::string_view PngChunk(absl::string_view png, absl::string_view type) {
  return LastChunk(png, [&](absl::string_view its, absl::string_view) { return its == type; })
      .second;
}

std::string PngText(absl::string_view png, absl::string_view keyword) {
  auto [type, data] = LastChunk(png, [&](absl::string_view its, absl::string_view text) {
    const bool is_text = its == "tEXt" || its == "zTXt" || its == "iTXt";
    return is_text && absl::StartsWith(text, keyword) && Cut(text) == keyword;
  });
  Cut(data);
  return TextOf(type, data);
}

std::string BytesOfRawProfile(absl::string_view text) {
  for (int line = 0; line < 3; ++line) {
    const size_t end = text.find('\n');
    if (end == absl::string_view::npos) return "";
    text.remove_prefix(end + 1);
  }
  std::string bytes;
  int digits = 0, byte = 0;
  for (const char c : text) {
    if (absl::ascii_isspace(c)) continue;
    if (!absl::ascii_isxdigit(c)) return "";
    const int digit = absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10;
    byte = byte << 4 | digit;
    if (++digits % 2 == 0) bytes.push_back(static_cast<char>(byte)), byte = 0;
  }
  return digits % 2 == 0 ? bytes : "";
}

}  // namespace pretext
