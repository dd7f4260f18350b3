// What is decided by a document's content: which split it belongs to,
// and whether it was there before.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/container/flat_hash_map.h"

namespace pretext {

// FNV-1a with a final mix (MurmurHash3's fmix64). Part of the reproducibility contract:
// never to change.
uint64_t DocumentHash(std::string_view document);

// Whether a document is held out when that fraction of all is. Equal documents go together, so that
// none of the held-out ones was trained on; and the choice depends on nothing but the document.
bool IsHeldOut(uint64_t document_hash, double fraction);

// How many of the documents repeat an earlier one: exact up to a million different ones, then
// estimated from those whose hash is in a sample.
class DuplicateCounter {
 public:
  void Add(uint64_t document_hash);
  double share() const;  // of all documents, in [0, 1)

 private:
  static constexpr size_t kMostSampled = 1 << 20;
  uint64_t outside_sample_ = 0;  // a hash with any of these bits is not sampled
  absl::flat_hash_map<uint64_t, int64_t> counts_;
};

}  // namespace pretext
