#include "datasets/text/document_hash.h"

#include "absl/container/flat_hash_map.h"

namespace pretext {

uint64_t DocumentHash(std::string_view document) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : document) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDu;
  hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53u;
  return hash ^ (hash >> 33);
}

bool IsHeldOut(uint64_t document_hash, double fraction) {
  return static_cast<double>(document_hash >> 11) * 0x1p-53 < fraction;
}

void DuplicateCounter::Add(uint64_t document_hash) {
  if ((document_hash & outside_sample_) != 0) return;
  ++counts_[document_hash];
  if (counts_.size() <= kMostSampled) return;
  outside_sample_ = outside_sample_ << 1 | 1;
  absl::erase_if(counts_,
                 [this](const auto& entry) { return (entry.first & outside_sample_) != 0; });
}

double DuplicateCounter::share() const {
  int64_t all = 0;
  for (const auto& [hash, count] : counts_) all += count;
  return all == 0 ? 0 : 1 - static_cast<double>(counts_.size()) / static_cast<double>(all);
}

}  // namespace pretext
