// Cuts tokenized documents into sequences of L tokens: [CLS] … [SEP] and padding.
//
// Mixed: the documents stand one after the other with a [SEP] between two, and every L - 2 tokens
// of that are a sequence
// ("FULL-SENTENCES" of Liu et al. 2019); only the last sequence has padding. Not mixed: every
// document starts a sequence and ends with padding; a long one goes over into more sequences.
//
// Any sequence is found in logarithmic time, so that a run continues in the middle
// of an epoch, in any order.
#pragma once

#include <cstdint>
#include <vector>

#include "core/plugin/tokenizer.h"
#include "datasets/text/token_cache.h"

namespace pretext {

struct PackingOptions {
  int64_t length = 128;  // L, at least 3
  bool mix_documents = true;
  Tokenizer::SpecialIds special;
};

class Packing {
 public:
  // `documents` and what it views must live as long.
  Packing(const TokenizedDocuments& documents, const PackingOptions& options);

  int64_t size() const { return size_; }  // sequences

  // Writes the L ids of a sequence, padding at the end; returns how many are
  // before the padding. Thread-safe.
  int64_t Read(int64_t index, int32_t* ids) const;

 private:
  int64_t ReadMixed(int64_t index, int32_t* ids) const;
  int64_t ReadApart(int64_t index, int32_t* ids) const;
  int64_t SequencesOf(int64_t document) const;  // not mixed

  const TokenizedDocuments& documents_;
  const PackingOptions options_;
  const int64_t payload_;  // L - 2
  int64_t size_ = 0;
  // Not mixed: how many sequences there are before every 64th document.
  std::vector<int64_t> sequences_before_;
};

}  // namespace pretext
