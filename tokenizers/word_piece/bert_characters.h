// BERT's classes of characters and its lower case, exactly those of HuggingFace's tokenizers
// (BertNormalizer and BertPreTokenizer, 0.23.2), so that a vocabulary gives the same ids in both.
//
// Theirs follow an older Unicode than utf8proc's tables: what was assigned since is a letter to
// them. Every character is compared with theirs in a test.
#pragma once

#include <cstdint>
#include <vector>

namespace pretext {

// Dropped by cleaning: U+0000, U+FFFD, and the categories Cc, Cf and Co (private use) without tab,
// newline and carriage return.
bool IsBertControl(int32_t code_point);

// What separates words: the Unicode property White_Space. Cleaning makes a space of each that is
// not a control character.
bool IsBertWhitespace(int32_t code_point);

// A word of its own: category P, and every ASCII character that is printed and is neither letter,
// digit nor space.
bool IsBertPunctuation(int32_t code_point);

// The blocks of unified and compatibility ideographs (not kana, not hangul), as BERT has them.
bool IsBertIdeograph(int32_t code_point);

// Lower-cases every character by itself: a capital sigma at a word's end becomes σ, not ς.
void BertLowerCase(std::vector<int32_t>* code_points);

// Canonical decomposition, then without the non-spacing marks (category Mn).
void BertStripAccents(std::vector<int32_t>* code_points);

}  // namespace pretext
