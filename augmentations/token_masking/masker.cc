#include "augmentations/token_masking/masker.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check/check.h"

namespace pretext {

struct TokenMasker::Scratch {
  // Eligible tokens by position, and where among them each word begins
  // (and one more: their number).
  std::vector<int32_t> eligible;
  std::vector<int32_t> word_begins;
  std::vector<int32_t> order;  // of units still to be drawn
  // Among `eligible`: whether it is a target, and of which span (kSpan only).
  std::vector<uint8_t> chosen;
  std::vector<int32_t> span;
  int32_t spans = 0;

  int32_t words() const { return static_cast<int32_t>(word_begins.size()) - 1; }
  int64_t WordSize(int32_t word) const { return word_begins[word + 1] - word_begins[word]; }
  void ChooseWord(int32_t word) {
    std::fill(chosen.begin() + word_begins[word], chosen.begin() + word_begins[word + 1], 1);
  }
  // Makes `order` 0 … n-1.
  void ResetOrder(int32_t n) {
    order.resize(n);
    for (int32_t i = 0; i < n; ++i) order[i] = i;
  }
  // Fisher-Yates: what comes to stand at order[i] is uniform over what stood at i or later.
  int32_t DrawOrder(int32_t i, Random& random) {
    std::swap(order[i], order[i + random.Below(static_cast<uint32_t>(order.size()) - i)]);
    return order[i];
  }
};

MaskingVocabulary MaskingVocabulary::Of(const Tokenizer& tokenizer) {
  MaskingVocabulary vocabulary;
  vocabulary.mask = tokenizer.special().mask;
  vocabulary.unknown = tokenizer.special().unknown;
  const auto size = static_cast<int32_t>(tokenizer.vocabulary_size());
  for (int32_t id = 0; id < size; ++id) {
    vocabulary.special.push_back(tokenizer.is_special(id));
    vocabulary.continuation.push_back(tokenizer.is_continuation(id));
    if (!tokenizer.is_special(id)) vocabulary.ordinary.push_back(id);
  }
  return vocabulary;
}

TokenMasker::TokenMasker(const MaskingOptions& options, MaskingVocabulary vocabulary)
    : options_(options), vocabulary_(std::move(vocabulary)) {
  double total = 0;
  for (int64_t l = 1; l <= options.max_span_words; ++l) total += std::pow(1 - options.span_stop, l);
  double below = 0;
  for (int64_t l = 1; l <= options.max_span_words; ++l) {
    below += std::pow(1 - options.span_stop, l);
    span_cdf_.push_back(static_cast<float>(below / total));
  }
}

void TokenMasker::Mask(int32_t* tokens, int64_t length, std::vector<Sample::Target>& targets,
                       Random& random) const {
  thread_local Scratch scratch;
  targets.clear();
  scratch.eligible.clear();
  for (int32_t i = 0; i < length; ++i) {
    if (!vocabulary_.special[tokens[i]]) scratch.eligible.push_back(i);
  }
  if (scratch.eligible.empty()) {
    for (int32_t i = 0; i < length; ++i) {
      if (tokens[i] == vocabulary_.unknown) scratch.eligible.push_back(i);
    }
  }
  const auto n = static_cast<int32_t>(scratch.eligible.size());
  if (n == 0) return;
  scratch.word_begins.clear();
  for (int32_t i = 0; i < n; ++i) {
    const int32_t at = scratch.eligible[i];
    const bool goes_on =
        i > 0 && scratch.eligible[i - 1] == at - 1 && vocabulary_.continuation[tokens[at]];
    if (!goes_on) scratch.word_begins.push_back(i);
  }
  scratch.word_begins.push_back(n);
  scratch.chosen.assign(n, 0);
  switch (options_.unit) {
    case MaskingOptions::Unit::kToken:
      ChooseTokens(scratch, random);
      break;
    case MaskingOptions::Unit::kWholeWord:
      ChooseWords(scratch, random);
      break;
    case MaskingOptions::Unit::kSpan:
      ChooseSpans(scratch, random);
      break;
  }
  const bool by_span = options_.unit == MaskingOptions::Unit::kSpan;
  thread_local std::vector<float> which_of_span;
  which_of_span.clear();
  for (int32_t i = 0; by_span && i < scratch.spans; ++i) which_of_span.push_back(random.Uniform());
  for (int32_t i = 0; i < n; ++i) {
    if (!scratch.chosen[i]) continue;
    const int32_t at = scratch.eligible[i];
    targets.push_back({at, tokens[at]});
    const float which = by_span ? which_of_span[scratch.span[i]] : random.Uniform();
    tokens[at] = Replacement(tokens[at], which, random);
  }
}

int64_t TokenMasker::Budget(int64_t eligible, Random& random) const {
  int64_t budget = 0;
  if (options_.count == MaskingOptions::Count::kExact) {
    budget = std::llrint(std::nearbyint(options_.rate * static_cast<double>(eligible)));
  } else {
    for (int64_t i = 0; i < eligible; ++i) {
      budget += random.Bernoulli(static_cast<float>(options_.rate));
    }
  }
  return std::clamp<int64_t>(budget, 1, eligible);
}

void TokenMasker::ChooseTokens(Scratch& scratch, Random& random) const {
  const auto n = static_cast<int32_t>(scratch.eligible.size());
  if (options_.count == MaskingOptions::Count::kExact) {
    const int64_t budget = Budget(n, random);
    scratch.ResetOrder(n);
    for (int32_t i = 0; i < budget; ++i) scratch.chosen[scratch.DrawOrder(i, random)] = 1;
    return;
  }
  bool any = false;
  for (int32_t i = 0; i < n; ++i) {
    scratch.chosen[i] = random.Bernoulli(static_cast<float>(options_.rate));
    any |= scratch.chosen[i] != 0;
  }
  if (!any) scratch.chosen[random.Below(n)] = 1;
}

void TokenMasker::ChooseWords(Scratch& scratch, Random& random) const {
  const int32_t words = scratch.words();
  if (options_.count == MaskingOptions::Count::kExact) {
    int64_t room = Budget(static_cast<int64_t>(scratch.eligible.size()), random);
    bool any = false;
    scratch.ResetOrder(words);
    for (int32_t i = 0; i < words && room > 0; ++i) {
      const int32_t word = scratch.DrawOrder(i, random);
      if (scratch.WordSize(word) > room) continue;
      scratch.ChooseWord(word);
      room -= scratch.WordSize(word);
      any = true;
    }
    if (!any) scratch.ChooseWord(scratch.order[0]);
    return;
  }
  bool any = false;
  for (int32_t word = 0; word < words; ++word) {
    if (!random.Bernoulli(static_cast<float>(options_.rate))) continue;
    scratch.ChooseWord(word);
    any = true;
  }
  if (!any) scratch.ChooseWord(static_cast<int32_t>(random.Below(words)));
}

int64_t TokenMasker::DrawSpanWords(Random& random) const {
  const float u = random.Uniform();
  for (size_t l = 0; l + 1 < span_cdf_.size(); ++l) {
    if (u < span_cdf_[l]) return static_cast<int64_t>(l) + 1;
  }
  return static_cast<int64_t>(span_cdf_.size());
}

void TokenMasker::ChooseSpans(Scratch& scratch, Random& random) const {
  const auto n = static_cast<int32_t>(scratch.eligible.size());
  const int32_t words = scratch.words();
  int64_t room = Budget(n, random);
  scratch.span.assign(n, 0);
  scratch.spans = 0;
  scratch.ResetOrder(words);  // words that no span has begun at
  while (room > 0) {
    const int64_t span_words = DrawSpanWords(random);
    // A word that is not masked yet; the others fall out of the draw.
    int32_t word;
    do {
      PRETEXT_CHECK(!scratch.order.empty(), "there is a word left while there is room");
      const uint32_t at = random.Below(static_cast<uint32_t>(scratch.order.size()));
      word = std::exchange(scratch.order[at], scratch.order.back());
      scratch.order.pop_back();
    } while (scratch.chosen[scratch.word_begins[word]]);
    const int32_t end = scratch.word_begins[std::min<int64_t>(word + span_words, words)];
    for (int32_t i = scratch.word_begins[word]; i < end && room > 0; ++i) {
      // A special token between two words ends the span.
      const bool apart =
          i > scratch.word_begins[word] && scratch.eligible[i] != scratch.eligible[i - 1] + 1;
      if (apart) break;
      if (scratch.chosen[i]) continue;
      scratch.chosen[i] = 1;
      scratch.span[i] = scratch.spans;
      --room;
    }
    ++scratch.spans;
  }
}

int32_t TokenMasker::Replacement(int32_t token, float which, Random& random) const {
  const auto mask = static_cast<float>(options_.mask_probability);
  const auto mask_or_random =
      static_cast<float>(options_.mask_probability + options_.random_probability);
  if (which < mask) return vocabulary_.mask;
  if (which >= mask_or_random || vocabulary_.ordinary.empty()) return token;
  return vocabulary_.ordinary[random.Below(static_cast<uint32_t>(vocabulary_.ordinary.size()))];
}

}  // namespace pretext
