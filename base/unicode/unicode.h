// UTF-8 and the Unicode properties that tokenizers ask for, over utf8proc's tables.
//
// Text enters the system through RepairUtf8; everything after it may assume well-formed UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pretext {

inline constexpr int32_t kReplacementCharacter = 0xFFFD;

// Returns the length in bytes of the longest prefix of `bytes` that is well-formed UTF-8.
// A truncated sequence at the end does not belong to the prefix.
size_t ValidUtf8Prefix(std::string_view bytes);

// Replaces every maximal ill-formed subsequence by U+FFFD, as the Unicode standard recommends
// (chapter 3.9, "U+FFFD Substitution of Maximal Subparts") and as Python's errors="replace" does.
// Adds the number of replacements to *replaced. Does not copy when `text` is already well-formed.
void RepairUtf8(std::string* text, int64_t* replaced);

// The number of code points in well-formed UTF-8.
int64_t CountCodePoints(std::string_view text);

// Decodes well-formed UTF-8 and appends its code points.
void DecodeUtf8(std::string_view text, std::vector<int32_t>* code_points);

// Appends one code point as UTF-8.
void AppendUtf8(int32_t code_point, std::string* text);
std::string EncodeUtf8(const int32_t* code_points, size_t count);

enum class Normalization { kNone, kNfc, kNfd, kNfkc, kNfkd };

// Normalizes in place. kNone leaves the code points alone.
void Normalize(Normalization form, std::vector<int32_t>* code_points);

}  // namespace pretext
