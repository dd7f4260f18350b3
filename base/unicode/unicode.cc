#include "base/unicode/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstring>

#include "base/check/check.h"

namespace pretext {
namespace {

// How many bytes at the head of `bytes` form one well-formed sequence (positive), or, negated, how
// many form a maximal ill-formed subpart. Table 3-7 of the Unicode standard.
int SequenceLength(const unsigned char* bytes, size_t size) {
  const unsigned char lead = bytes[0];
  if (lead < 0x80) return 1;
  int length;
  unsigned char low = 0x80, high = 0xBF;  // the range of the second byte
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return -1;
  }
  for (int i = 1; i < length; ++i) {
    if (static_cast<size_t>(i) >= size || bytes[i] < low || bytes[i] > high) return -i;
    low = 0x80;
    high = 0xBF;
  }
  return length;
}

std::vector<int32_t> Decomposed(const std::vector<int32_t>& code_points, bool compatible) {
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
                                                      (compatible ? UTF8PROC_COMPAT : 0));
  constexpr utf8proc_ssize_t kLongest = 32;  // 18 is the most that there is
  std::vector<int32_t> result;
  result.reserve(code_points.size());
  for (const int32_t c : code_points) {
    utf8proc_int32_t parts[kLongest];
    int unused = 0;
    const utf8proc_ssize_t count = utf8proc_decompose_char(c, parts, kLongest, options, &unused);
    PRETEXT_CHECK(count >= 0 && count <= kLongest, "code points are valid");
    result.insert(result.end(), parts, parts + count);
  }
  return result;
}

// Unicode's canonical order: every run of marks by their classes. utf8proc_decompose has it too, in
// a time that grows with the square of a run.
void SortMarks(std::vector<int32_t>& code_points) {
  const auto class_of = [](int32_t c) { return utf8proc_get_property(c)->combining_class; };
  const auto is_mark = [&](int32_t c) { return class_of(c) != 0; };
  for (auto first = code_points.begin(); first != code_points.end();) {
    first = std::find_if(first, code_points.end(), is_mark);
    const auto last = std::find_if_not(first, code_points.end(), is_mark);
    std::stable_sort(first, last, [&](int32_t a, int32_t b) { return class_of(a) < class_of(b); });
    first = last;
  }
}

bool IsAsciiBlock(const unsigned char* bytes) {
  uint64_t block;
  std::memcpy(&block, bytes, sizeof(block));
  return (block & 0x8080808080808080u) == 0;
}

}  // namespace

size_t ValidUtf8Prefix(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const size_t size = text.size();
  size_t i = 0;
  while (i < size) {
    if (i + 8 <= size && IsAsciiBlock(bytes + i)) {
      i += 8;
      continue;
    }
    const int length = SequenceLength(bytes + i, size - i);
    if (length < 0) return i;
    i += length;
  }
  return size;
}

void RepairUtf8(std::string* text, int64_t* replaced) {
  size_t valid = ValidUtf8Prefix(*text);
  if (valid == text->size()) return;
  std::string repaired;
  repaired.reserve(text->size() + 16);
  std::string_view rest = *text;
  for (;;) {
    repaired.append(rest.data(), valid);
    rest.remove_prefix(valid);
    if (rest.empty()) break;
    const int bad =
        -SequenceLength(reinterpret_cast<const unsigned char*>(rest.data()), rest.size());
    AppendUtf8(kReplacementCharacter, &repaired);
    ++*replaced;
    rest.remove_prefix(bad);
    valid = ValidUtf8Prefix(rest);
  }
  *text = std::move(repaired);
}

int64_t CountCodePoints(std::string_view text) {
  int64_t count = 0;
  for (const char c : text) count += (c & 0xC0) != 0x80;
  return count;
}

void DecodeUtf8(std::string_view text, std::vector<int32_t>* code_points) {
  const auto* p = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto* end = p + text.size();
  while (p < end) {
    utf8proc_int32_t c;
    const utf8proc_ssize_t length = utf8proc_iterate(p, end - p, &c);
    PRETEXT_CHECK(length > 0, "text is repaired before it is decoded");
    code_points->push_back(c);
    p += length;
  }
}

void AppendUtf8(int32_t code_point, std::string* text) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t length = utf8proc_encode_char(code_point, bytes);
  text->append(reinterpret_cast<const char*>(bytes), length);
}

std::string EncodeUtf8(const int32_t* code_points, size_t count) {
  std::string text;
  text.reserve(count);
  for (size_t i = 0; i < count; ++i) AppendUtf8(code_points[i], &text);
  return text;
}

void Normalize(Normalization form, std::vector<int32_t>* code_points) {
  if (form == Normalization::kNone || code_points->empty()) return;
  const bool compose = form == Normalization::kNfc || form == Normalization::kNfkc;
  const bool compatible = form == Normalization::kNfkc || form == Normalization::kNfkd;
  std::vector<int32_t> result = Decomposed(*code_points, compatible);
  SortMarks(result);
  if (compose) {
    const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    result.resize(utf8proc_normalize_utf32(result.data(), result.size(), options));
  }
  *code_points = std::move(result);
}

}  // namespace pretext
