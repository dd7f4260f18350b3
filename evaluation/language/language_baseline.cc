#include "evaluation/language/language_baseline.h"

#include <algorithm>
#include <cmath>

#include "base/check/check.h"
#include "core/plugin/tokenizer.h"

namespace pretext {
namespace {

uint64_t PairKey(int32_t left, int32_t token) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(token);
}

}  // namespace

absl::StatusOr<LanguageBaseline> LanguageBaseline::Count(const Dataset& dataset, int64_t max_tokens,
                                                         const Work& work) {
  const Tokenizer* tokenizer = dataset.tokenizer();
  PRETEXT_CHECK(tokenizer != nullptr, "a text dataset has a tokenizer");
  LanguageBaseline baseline;
  const int64_t vocabulary = tokenizer->vocabulary_size();
  baseline.count_.resize(vocabulary);
  baseline.left_.resize(vocabulary);
  std::vector<uint8_t> special(vocabulary);
  for (int32_t id = 0; id < vocabulary; ++id) {
    special[id] = tokenizer->is_special(id);
    baseline.kinds_ += !special[id];
  }
  const int32_t unknown = tokenizer->special().unknown;
  bool unknown_are_targets = false;
  const int64_t sequences = dataset.size(Split::kTrain);
  const int64_t used = std::clamp<int64_t>(max_tokens / dataset.type().tokens, 1, sequences);
  Sample sample;
  for (int64_t i = 0; i < used; ++i) {
    // i · sequences / used without overflow.
    const auto index = static_cast<int64_t>(static_cast<long double>(i) * sequences / used);
    absl::Status status = absl::OkStatus();
    if (i % 1024 == 0) status = work.Tell("counting", static_cast<double>(i) / used);
    if (status.ok()) status = dataset.Read(Split::kTrain, index, sample);
    if (!status.ok()) return status;
    // What can be a target (augmentations/token_masking): where there is nothing else, [UNK].
    const bool only_unknown =
        std::none_of(sample.tokens.begin(), sample.tokens.begin() + sample.length,
                     [&](int32_t token) { return !special[token]; });
    for (int32_t at = 0; at < sample.length; ++at) {
      const int32_t token = sample.tokens[at];
      if (only_unknown ? token != unknown : special[token] != 0) continue;
      unknown_are_targets |= only_unknown;
      ++baseline.count_[token];
      ++baseline.tokens_;
      if (at == 0) continue;
      const int32_t left = sample.tokens[at - 1];
      ++baseline.left_[left].followers;
      baseline.left_[left].kinds += ++baseline.pair_counts_[PairKey(left, token)] == 1;
    }
  }
  baseline.kinds_ += unknown_are_targets;
  int64_t once = 0, twice = 0;
  for (const auto& [pair, count] : baseline.pair_counts_) {
    once += count == 1;
    twice += count == 2;
  }
  // Without rare bigrams there is nothing to estimate it from: a half.
  baseline.discount_ =
      once == 0 || twice == 0 ? 0.5 : static_cast<double>(once) / (once + 2 * twice);
  return baseline;
}

double LanguageBaseline::UnigramProbability(int32_t token) const {
  return (count_[token] + 1.0) / (tokens_ + std::max<int64_t>(kinds_, 1));
}

double LanguageBaseline::UnigramLoss(int32_t token) const {
  return -std::log(UnigramProbability(token));
}

double LanguageBaseline::BigramLoss(int32_t left, int32_t token) const {
  const Left& before = left_[left];
  if (before.followers == 0) return UnigramLoss(token);
  const auto pair = pair_counts_.find(PairKey(left, token));
  const double kept = pair == pair_counts_.end() ? 0 : pair->second - discount_;
  const double freed = discount_ * static_cast<double>(before.kinds);
  return -std::log((kept + freed * UnigramProbability(token)) / before.followers);
}

void LanguageBaseline::Add(const Batch& batch, Sums& sums) const {
  const int64_t masked = batch.masked();
  if (masked == 0) return;
  const int32_t* input = batch.input.ints();
  const int32_t* position = batch.masked_positions.ints();
  const int32_t* id = batch.masked_ids.ints();
  const int64_t length = batch.type.tokens;
  for (int64_t i = 0; i < masked; ++i) {
    sums.unigram += UnigramLoss(id[i]);
    if (position[i] % length == 0) {
      sums.bigram += UnigramLoss(id[i]);
    } else {
      const bool left_is_masked = i > 0 && position[i - 1] == position[i] - 1;
      sums.bigram += BigramLoss(left_is_masked ? id[i - 1] : input[position[i] - 1], id[i]);
    }
  }
  sums.targets += masked;
}

}  // namespace pretext
