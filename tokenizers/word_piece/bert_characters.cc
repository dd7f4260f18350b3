#include "tokenizers/word_piece/bert_characters.h"

#include <utf8proc.h>

#include <algorithm>
#include <iterator>

#include "base/unicode/unicode.h"
#include "tokenizers/word_piece/bert_ranges.h"

namespace pretext {
namespace {

constexpr int32_t kReplacement = 0xFFFD;
constexpr int32_t kCapitalIWithDot = 0x0130;
constexpr int32_t kCombiningDotAbove = 0x0307;
// Decomposes since Unicode 13; theirs is older.
constexpr int32_t kDivesAkuruO = 0x11938;

// Lower case that Unicode 16 and 17 brought and utf8proc may not have yet: a capital in the range
// moves by the offset.
struct LowerRange {
  int32_t first, last, offset;
};
constexpr LowerRange kLower[] = {
    {0x1C89, 0x1C89, 1},      {0xA7CB, 0xA7CB, 0x264 - 0xA7CB},
    {0xA7CC, 0xA7CC, 1},      {0xA7CE, 0xA7CE, 1},
    {0xA7D2, 0xA7D2, 1},      {0xA7D4, 0xA7D4, 1},
    {0xA7DA, 0xA7DA, 1},      {0xA7DC, 0xA7DC, 0x19B - 0xA7DC},
    {0x10D50, 0x10D65, 0x20}, {0x16EA0, 0x16EB8, 0x1B},
};

template <size_t N>
bool In(const CharacterRange (&ranges)[N], int32_t c) {
  const auto* after =
      std::upper_bound(std::begin(ranges), std::end(ranges), c,
                       [](int32_t x, const auto& range) { return x < range.first; });
  return after != std::begin(ranges) && c <= std::prev(after)->last;
}

int32_t Lower(int32_t c) {
  for (const LowerRange& range : kLower) {
    if (c >= range.first && c <= range.last) return c + range.offset;
  }
  return utf8proc_tolower(c);
}

}  // namespace

bool IsBertControl(int32_t c) {
  if (c < 0x80) return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
  return c == kReplacement || In(kControl, c);
}

bool IsBertWhitespace(int32_t c) {
  if (c < 0x80) return c == ' ' || (c >= '\t' && c <= '\r');
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool IsBertPunctuation(int32_t c) {
  if (c < 0x80) {
    return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
           (c >= 123 && c <= 126);
  }
  return In(kPunctuation, c);
}

bool IsBertIdeograph(int32_t c) {
  // 0x2B920 is theirs, for 0x2B820.
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

void BertLowerCase(std::vector<int32_t>* code_points) {
  std::vector<int32_t> lower;
  lower.reserve(code_points->size());
  for (const int32_t c : *code_points) {
    if (c == kCapitalIWithDot) {
      lower.insert(lower.end(), {'i', kCombiningDotAbove});
    } else {
      lower.push_back(Lower(c));
    }
  }
  *code_points = std::move(lower);
}

void BertStripAccents(std::vector<int32_t>* code_points) {
  std::vector<int32_t> bare, run;
  const auto finish = [&] {
    Normalize(Normalization::kNfd, &run);
    std::copy_if(run.begin(), run.end(), std::back_inserter(bare),
                 [](int32_t c) { return c < 0x80 || !In(kMark, c); });
    run.clear();
  };
  for (const int32_t c : *code_points) {
    if (c != kDivesAkuruO) {
      run.push_back(c);
      continue;
    }
    finish();
    bare.push_back(c);
  }
  finish();
  *code_points = std::move(bare);
}

}  // namespace pretext
