// Text as a dataset: files -> documents -> tokens, once, into a cache -> sequences of L.
//
// Load learns the tokenizer's vocabulary first where its config asks for that, from the training
// documents only, and keeps it beside the tokens. A cache that is missing, damaged or of another
// corpus (told by its bytes, not by names and times) is made again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin/plugin.h"
#include "datasets/cache_file/cache_directory.h"
#include "datasets/text/document_reader.h"
#include "datasets/text/packing.h"
#include "datasets/text/token_cache.h"

namespace pretext {

class Text;  // the config message

class TextDataset : public Dataset {
 public:
  // The files are looked at, not read. With a run directory in the context they may be missing:
  // until Load they are not needed.
  static absl::StatusOr<std::unique_ptr<Dataset>> Create(const Text& config,
                                                         const BuildContext& context);

  FlowType type() const override;
  const Tokenizer* tokenizer() const override { return tokenizer_.get(); }
  double characters_per_token(Split split) const override;
  // Of the tokens, by the sizes of the files: their number of sequences is not known.
  DatasetExtent extent() const override;
  absl::Status Load() override;
  int64_t size(Split split) const override;
  absl::Status Read(Split split, int64_t index, Sample& sample) const override;
  std::string Summary() const override;

 private:
  struct Options {
    std::vector<std::string> files;
    DocumentOptions documents;
    int64_t sequence_length = 0;
    bool mix_documents = true;
    double held_out = 0;
    CacheDirectory cache;
  };

  TextDataset(Options options, std::unique_ptr<Tokenizer> tokenizer);

  absl::Status LoadVocabulary(const std::vector<TextFile>& files, const std::string& corpus);
  absl::Status LoadTokens(const std::vector<TextFile>& files, const std::string& corpus);

  const Options options_;
  const std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<TokenCache> cache_;
  std::optional<Packing> packings_[2];  // by split
  size_t files_ = 0;
  std::string left_out_;                                         // Corpus::LeftOut
  std::optional<double> learning_seconds_, tokenizing_seconds_;  // unset: from the cache
};

}  // namespace pretext
