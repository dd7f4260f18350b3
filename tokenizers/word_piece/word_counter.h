// Counts the words of a corpus, on all threads: what the trainer learns a vocabulary from.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "tokenizers/word_piece/basic_tokenizer.h"

namespace pretext {

// A word of the basic tokenizer and how often it stands in the corpus.
using WordCount = std::pair<std::string, int64_t>;

class WordCounter {
 public:
  explicit WordCounter(const BasicTokenizerOptions& options);

  // Counts the words of well-formed documents. The result does not depend on the number of threads,
  // nor on how the documents are split over calls.
  void Add(const std::vector<std::string>& documents);

  // Every word with its count, in byte order.
  std::vector<WordCount> Sorted() const;

 private:
  using Counts = absl::flat_hash_map<std::string, int64_t>;

  // One thread's: words found by ASCII rules, and raw stretches still to be split.
  struct Shard {
    Counts words, chunks;
    std::string scratch;
  };

  BasicTokenizer tokenizer_;
  std::vector<Shard> shards_;
};

}  // namespace pretext
