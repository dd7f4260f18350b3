#include "datasets/text/token_cache.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/unicode/unicode.h"
#include "datasets/text/document_hash.h"
#include "datasets/text/token_cache.pb.h"

namespace pretext {
namespace {

struct SectionNames {
  std::string tokens, ends;
};

const SectionNames& NamesOf(Split split) {
  static const SectionNames kNames[] = {{"train_tokens", "train_ends"},
                                        {"test_tokens", "test_ends"}};
  return kNames[static_cast<int>(split)];
}

constexpr int64_t kNarrowVocabulary = 1 << 16;

// Appends documents to the sections of one split.
class SplitWriter {
 public:
  SplitWriter(CacheFileWriter& file, Split split, bool narrow, int32_t unknown)
      : file_(file), names_(NamesOf(split)), narrow_(narrow), unknown_id_(unknown) {}

  absl::Status Declare() {
    absl::Status status = file_.Declare(names_.tokens);
    return status.ok() ? file_.Declare(names_.ends) : status;
  }

  absl::Status Append(const std::vector<int32_t>& ids, int64_t characters) {
    absl::Status status;
    if (narrow_) {
      narrow_ids_.assign(ids.begin(), ids.end());
      status = file_.Append(names_.tokens, narrow_ids_.data(), 2 * ids.size());
    } else {
      status = file_.Append(names_.tokens, ids.data(), 4 * ids.size());
    }
    end_ += ids.size();
    characters_ += characters;
    unknown_ += std::count(ids.begin(), ids.end(), unknown_id_);
    return status.ok() ? file_.Append(names_.ends, &end_, sizeof(end_)) : status;
  }

  uint64_t tokens() const { return end_; }
  int64_t characters() const { return characters_; }
  int64_t unknown() const { return unknown_; }

 private:
  CacheFileWriter& file_;
  const SectionNames& names_;
  const bool narrow_;
  const int32_t unknown_id_;
  uint64_t end_ = 0;
  int64_t characters_ = 0;
  int64_t unknown_ = 0;
  std::vector<uint16_t> narrow_ids_;
};

}  // namespace

void TokenizedDocuments::Copy(uint64_t begin, int64_t count, int32_t* out) const {
  if (narrow != nullptr) {
    std::copy_n(narrow + begin, count, out);
  } else {
    std::copy_n(wide + begin, count, out);
  }
}

absl::StatusOr<std::unique_ptr<TokenCache>> TokenCache::Open(const std::string& path,
                                                             std::string_view key) {
  absl::StatusOr<std::unique_ptr<CacheFile>> file = CacheFile::Open(path, key);
  if (!file.ok()) return file.status();
  std::unique_ptr<TokenCache> cache(new TokenCache);
  cache->file_ = *std::move(file);
  TokenCacheFacts facts;
  const std::string_view bytes = cache->file_->Section("facts");
  if (!facts.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError(absl::StrCat(path, ": is not a whole cache: facts"));
  }
  cache->bytes_ = facts.bytes();
  cache->replaced_ = facts.replaced();
  cache->duplicates_ = facts.duplicates();
  cache->splits_[static_cast<int>(Split::kTrain)].characters = facts.train_characters();
  cache->splits_[static_cast<int>(Split::kTest)].characters = facts.test_characters();
  cache->splits_[static_cast<int>(Split::kTrain)].unknown = facts.train_unknown();
  cache->splits_[static_cast<int>(Split::kTest)].unknown = facts.test_unknown();
  for (const Split split : {Split::kTrain, Split::kTest}) {
    const SectionNames& names = NamesOf(split);
    TokenizedDocuments& documents = cache->splits_[static_cast<int>(split)];
    documents.documents = cache->file_->Count<uint64_t>(names.ends);
    documents.ends = cache->file_->Data<uint64_t>(names.ends);
    if (documents.documents == 0) continue;
    documents.tokens = static_cast<int64_t>(documents.End(documents.documents - 1));
    if (cache->file_->Count<uint16_t>(names.tokens) == documents.tokens) {
      documents.narrow = cache->file_->Data<uint16_t>(names.tokens);
    } else {
      documents.wide = cache->file_->Data<int32_t>(names.tokens);
    }
  }
  return cache;
}

absl::Status TokenCache::Write(DocumentReader& reader, const Tokenizer& tokenizer, double held_out,
                               const std::string& path, std::string_view key, FileRights rights) {
  absl::StatusOr<std::unique_ptr<CacheFileWriter>> file = CacheFileWriter::Create(path, rights);
  if (!file.ok()) return file.status();
  const bool narrow = tokenizer.vocabulary_size() <= kNarrowVocabulary;
  const int32_t unknown = tokenizer.special().unknown;
  SplitWriter train(**file, Split::kTrain, narrow, unknown);
  SplitWriter test(**file, Split::kTest, narrow, unknown);
  absl::Status status = train.Declare();
  if (status.ok()) status = test.Declare();
  DuplicateCounter duplicates;
  std::vector<std::string> documents;
  std::vector<std::vector<int32_t>> ids;
  std::vector<int64_t> characters;
  std::vector<uint64_t> hashes;
  while (status.ok()) {
    status = reader.Next(documents);
    if (!status.ok() || documents.empty()) break;
    ids.resize(std::max(ids.size(), documents.size()));
    characters.resize(documents.size());
    hashes.resize(documents.size());
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = 0; i < documents.size(); ++i) {
      ids[i].clear();
      tokenizer.Encode(documents[i], ids[i]);
      characters[i] = CountCodePoints(documents[i]);
      hashes[i] = DocumentHash(documents[i]);
    }
    for (size_t i = 0; i < documents.size() && status.ok(); ++i) {
      if (ids[i].empty()) continue;
      duplicates.Add(hashes[i]);
      SplitWriter& split = IsHeldOut(reader.split_hashes()[i], held_out) ? test : train;
      status = split.Append(ids[i], characters[i]);
    }
  }
  if (!status.ok()) return status;
  if (train.tokens() + test.tokens() == 0) {
    return absl::InvalidArgumentError(
        "the corpus is empty: its files have no text that the tokenizer makes a token of");
  }
  TokenCacheFacts facts;
  facts.set_bytes(reader.counts().bytes);
  facts.set_replaced(reader.counts().replaced);
  facts.set_duplicates(duplicates.share());
  facts.set_train_characters(train.characters());
  facts.set_test_characters(test.characters());
  facts.set_train_unknown(train.unknown());
  facts.set_test_unknown(test.unknown());
  const std::string serialized = facts.SerializeAsString();
  status = (*file)->Append("facts", serialized.data(), serialized.size());
  return status.ok() ? (*file)->Finish(key) : status;
}

}  // namespace pretext
