// The masking rule of masked language models as a function of (tokens, options, random stream).
//
// Eligible tokens are those that are not special, [UNK] included among the special; only where
// there is no other is [UNK] eligible, so that a sequence with any content has a target. Let there
// be n of them in words w_1 … w_m (a word is a token and the continuations that follow it).
//
// kExact: the number of targets is k = max(1, round(rate · n)), halves to even. The units are drawn
// without replacement:
//
//   kToken      k tokens
//   kWholeWord  words in random order, as long as there is room for the whole word in k, passing
//               over those that are too long; if all are, the first one (google-research/bert,
//               do_whole_word_mask)
//   kSpan       spans of l words from a random word on that is not masked yet, until k tokens are;
//               the last span is cut short; P(l) ∝ (1 - p)^l for l = 1 … max_span_words, where p
//               is span_stop (Joshi et al. 2020, "SpanBERT", section 3.1)
//
// kBernoulli:
//
//   kToken, kWholeWord   each unit with probability rate; if none, one that is drawn uniformly
//   kSpan                k is binomial(n, rate), at least 1; then as above
//
// Every target is then, with probability mask : random : rest, [MASK], a token drawn uniformly from
// those that are not special, or left as it is. kSpan draws which of the three once a span, the
// others for every token.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random/random.h"
#include "core/flow/batch.h"
#include "core/plugin/tokenizer.h"

namespace pretext {

struct MaskingOptions {
  enum class Count { kExact, kBernoulli };
  enum class Unit { kToken, kWholeWord, kSpan };

  double rate = 0.15;
  Count count = Count::kExact;
  Unit unit = Unit::kToken;
  double mask_probability = 0.8;
  double random_probability = 0.1;
  double span_stop = 0.2;  // p
  int64_t max_span_words = 10;
};

// What masking asks about a vocabulary.
struct MaskingVocabulary {
  static MaskingVocabulary Of(const Tokenizer& tokenizer);

  int32_t mask = -1, unknown = -1;
  std::vector<uint8_t> special;       // by id
  std::vector<uint8_t> continuation;  // by id
  std::vector<int32_t> ordinary;      // the ids that are not special
};

class TokenMasker {
 public:
  TokenMasker(const MaskingOptions& options, MaskingVocabulary vocabulary);

  // Replaces some of tokens[0, length) and sets `targets` to what stood there, by position. No
  // targets only where every token is special and none is [UNK]. Thread-safe.
  void Mask(int32_t* tokens, int64_t length, std::vector<Sample::Target>& targets,
            Random& random) const;

 private:
  struct Scratch;

  void ChooseTokens(Scratch& scratch, Random& random) const;
  void ChooseWords(Scratch& scratch, Random& random) const;
  void ChooseSpans(Scratch& scratch, Random& random) const;
  int64_t DrawSpanWords(Random& random) const;
  // The number of targets that is aimed at; kBernoulli draws it.
  int64_t Budget(int64_t eligible, Random& random) const;
  // The token that takes the place of `token` when the draw between the three is `which`.
  int32_t Replacement(int32_t token, float which, Random& random) const;

  const MaskingOptions options_;
  const MaskingVocabulary vocabulary_;
  std::vector<float> span_cdf_;  // of 1, 2, … words
};

}  // namespace pretext
