// A corpus as token ids in a cache file: what training reads, however large,
// through the page cache.
//
// Per split ("train", "test"): the ids of all documents one after the other (16 bits each where the
// vocabulary allows), and where each document ends.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/plugin/dataset.h"
#include "core/plugin/tokenizer.h"
#include "datasets/cache_file/cache_file.h"
#include "datasets/text/document_reader.h"

namespace pretext {

// The documents of one split. Views of a TokenCache.
struct TokenizedDocuments {
  int64_t documents = 0;
  int64_t tokens = 0;
  int64_t characters = 0;
  int64_t unknown = 0;  // tokens that are [UNK]

  // The end of a document within the tokens; it begins where the one before ends.
  uint64_t End(int64_t document) const { return ends[document]; }
  uint64_t Begin(int64_t document) const { return document == 0 ? 0 : ends[document - 1]; }
  // Writes tokens [begin, begin + count) to `out`.
  void Copy(uint64_t begin, int64_t count, int32_t* out) const;

  const uint64_t* ends = nullptr;
  const uint16_t* narrow = nullptr;  // either this
  const int32_t* wide = nullptr;     // or this
};

class TokenCache {
 public:
  // As CacheFile::Open.
  static absl::StatusOr<std::unique_ptr<TokenCache>> Open(const std::string& path,
                                                          std::string_view key);

  // Tokenizes all of `reader` on all threads into a file for Open; documents without
  // tokens are left out. The file's bytes do not depend on the number of threads.
  // An error if no document has a token.
  static absl::Status Write(DocumentReader& reader, const Tokenizer& tokenizer, double held_out,
                            const std::string& path, std::string_view key,
                            FileRights rights = FileRights::kPrivate);

  const TokenizedDocuments& split(Split split) const { return splits_[static_cast<int>(split)]; }

  int64_t bytes() const { return bytes_; }
  int64_t replaced() const { return replaced_; }
  double duplicates() const { return duplicates_; }

 private:
  TokenCache() = default;

  std::unique_ptr<CacheFile> file_;
  TokenizedDocuments splits_[2];
  int64_t bytes_ = 0, replaced_ = 0;
  double duplicates_ = 0;
};

}  // namespace pretext
