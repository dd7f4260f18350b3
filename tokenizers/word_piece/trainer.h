// Learns a WordPiece vocabulary.
//
// The criterion is HuggingFace's WordPieceTrainer's: byte-pair encoding over characters (Sennrich
// et al. 2016) with "##" before what continues a word. (Google never released its learner; the
// likelihood criterion of Schuster & Nakajima 2012 is another one.) Exactly:
//
//   1. The alphabet: the characters of the words, the alphabet_limit most frequent (ties: the
//      smaller code point). A word with any other character is left out of what follows.
//   2. The vocabulary begins with the special pieces [PAD] [UNK] [CLS] [SEP] [MASK], then the
//      alphabet by code point, then "##c" by code point for every character c that stands inside
//      a word.
//   3. Every word is a sequence of symbols: its first character, then "##c" for each other one.
//   4. The count of a pair of symbols is how often it stands at adjacent places, over all words
//      times their counts. The pair with the highest count becomes one symbol, everywhere, from
//      left to right. Ties: the smaller left symbol, then the smaller right one, as bytes. The new
//      symbol joins the vocabulary unless it is there already.
//   5. Until the vocabulary has its size, or no pair's count reaches min_count.
//
// Equal word counts give an equal vocabulary on every machine. The time is about that of reading
// the corpus: counts are kept per pair together with the words the pair stands in, and a heap gives
// the next pair.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tokenizers/word_piece/vocabulary.h"
#include "tokenizers/word_piece/word_counter.h"

namespace pretext {

struct WordPieceTrainerOptions {
  int64_t vocabulary_size = 30522;
  int64_t min_count = 2;
  int64_t alphabet_limit = 1000;
  // Longer words are [UNK] when encoded: nothing is learnt from them.
  int64_t max_word_characters = 100;
};

// `words` is in byte order without repetitions, as WordCounter::Sorted gives it.
// The vocabulary may be smaller than asked when the corpus is small. Errors: no words;
// a size that has no room for the alphabet.
absl::StatusOr<WordPieceVocabulary> TrainWordPiece(const std::vector<WordCount>& words,
                                                   const WordPieceTrainerOptions& options);

}  // namespace pretext
