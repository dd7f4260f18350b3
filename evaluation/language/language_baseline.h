// What a masked language model must beat: counting.
//
//   unigram  p(w)     = (c(w) + 1) / (N + W)
//   bigram   p(w | v) = max(c(v, w) - d, 0) / c(v) + d · k(v) / c(v) · p(w)
//                     = p(w) where v was never seen
//
// c counts the training split's tokens that are not special (v may be: a sequence's [CLS]); N is
// their number, W how many different ones the vocabulary has, k(v) how many different ones follow
// v. This is interpolated absolute discounting with d = n1 / (n1 + 2 n2) from the numbers of
// bigrams seen once and twice (Ney, Essen & Kneser 1994).
//
// The bigram is given the true token to the left of a target, even where that is masked too: it
// knows more than a model that sees the masked sequence, on that side.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/work/work.h"
#include "core/flow/batch.h"
#include "core/plugin/dataset.h"

namespace pretext {

class LanguageBaseline {
 public:
  static constexpr int64_t kCountedTokens = int64_t{1} << 24;

  // Counts the sequences of the training split; of a large one, as many as hold about max_tokens,
  // spread evenly. The dataset has a tokenizer and is loaded. Errors: those of
  // Dataset::Read; Cancelled (base/work/work.h).
  static absl::StatusOr<LanguageBaseline> Count(const Dataset& dataset,
                                                int64_t max_tokens = kCountedTokens,
                                                const Work& work = Work());

  // -log p in nats.
  double UnigramLoss(int32_t token) const;
  double BigramLoss(int32_t left, int32_t token) const;

  struct Sums {
    double unigram = 0, bigram = 0;  // nats
    int64_t targets = 0;
  };
  // Adds the losses of a batch's masked tokens.
  void Add(const Batch& batch, Sums& sums) const;

 private:
  LanguageBaseline() = default;

  double UnigramProbability(int32_t token) const;

  std::vector<int64_t> count_;  // by token; 0 for special ones
  int64_t tokens_ = 0;          // N
  int64_t kinds_ = 0;           // W
  struct Left {
    int64_t followers = 0;  // c(v)
    int64_t kinds = 0;      // k(v)
  };
  std::vector<Left> left_;                              // by token
  absl::flat_hash_map<uint64_t, int64_t> pair_counts_;  // c(v, w) by v << 32 | w
  double discount_ = 0;
};

}  // namespace pretext
