#include "tokenizers/word_piece/word_counter.h"

#include <omp.h>

#include <algorithm>

namespace pretext {
namespace {

void Increment(absl::flat_hash_map<std::string, int64_t>& counts, std::string_view word,
               int64_t by) {
  const absl::string_view key(word.data(), word.size());
  const auto at = counts.find(key);
  if (at != counts.end()) {
    at->second += by;
  } else {
    counts.emplace(word, by);
  }
}

}  // namespace

WordCounter::WordCounter(const BasicTokenizerOptions& options)
    : tokenizer_(options), shards_(omp_get_max_threads()) {}

void WordCounter::Add(const std::vector<std::string>& documents) {
#pragma omp parallel for schedule(dynamic, 16) num_threads(static_cast <int>(shards_.size()))
  for (size_t i = 0; i < documents.size(); ++i) {
    Shard& shard = shards_[omp_get_thread_num()];
    tokenizer_.Scan(
        documents[i], shard.scratch,
        [&shard](std::string_view word) { Increment(shard.words, word, 1); },
        [&shard](std::string_view chunk) { Increment(shard.chunks, chunk, 1); });
  }
}

std::vector<WordCount> WordCounter::Sorted() const {
  Counts total;
  for (const Shard& shard : shards_) {
    for (const auto& [word, count] : shard.words) Increment(total, word, count);
    for (const auto& [chunk, count] : shard.chunks) {
      for (const std::string& word : tokenizer_.TokenizeChunk(chunk)) Increment(total, word, count);
    }
  }
  std::vector<WordCount> sorted(total.begin(), total.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace pretext
