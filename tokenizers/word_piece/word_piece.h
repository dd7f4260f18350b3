// BERT's WordPiece tokenizer as a plugin: basic_tokenizer.h and vocabulary.h behind the Tokenizer
// interface, with a memo of the words seen so far, so that a corpus is tokenized at memory speed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plugin/huggingface_tokenizer.h"
#include "core/plugin/plugin.h"
#include "core/plugin/save_tokenizer.h"
#include "tokenizers/word_piece/basic_tokenizer.h"
#include "tokenizers/word_piece/trainer.h"
#include "tokenizers/word_piece/vocabulary.h"

namespace pretext {

class WordPiece;  // the config message

class WordPieceTokenizer : public Tokenizer,
                           public OptionsBesideVocabulary,
                           public HuggingFaceTokenizer {
 public:
  struct Options {
    BasicTokenizerOptions basic;
    int64_t max_word_characters = 100;
    // Set when the vocabulary is to be learnt, from the first learn_bytes of the text (and the rest
    // of the last document of them).
    std::optional<WordPieceTrainerOptions> learn;
    int64_t learn_bytes = int64_t{1} << 30;
  };

  // A vocabulary file that cannot be read or is none is a fault of "vocabulary"; an option that is
  // not the one that the vocabulary was learnt with (options_file.h), one of its field. When the
  // context names a run directory with a vocab.txt, that is the vocabulary.
  static absl::StatusOr<std::unique_ptr<Tokenizer>> Create(const WordPiece& config,
                                                           const BuildContext& context);

  // Without a vocabulary: options.learn must be set.
  explicit WordPieceTokenizer(const Options& options);
  WordPieceTokenizer(const Options& options, WordPieceVocabulary vocabulary);
  ~WordPieceTokenizer() override;

  int64_t vocabulary_size() const override;
  SpecialIds special() const override;
  void Encode(std::string_view text, std::vector<int32_t>& ids) const override;
  std::string_view Token(int32_t id) const override { return vocabulary_->piece(id); }
  bool is_special(int32_t id) const override { return vocabulary_->is_special(id); }
  bool is_continuation(int32_t id) const override { return vocabulary_->is_continuation(id); }
  std::string Decode(const std::vector<int32_t>& ids) const override;
  std::string Fingerprint() const override;

  bool needs_training() const override { return !vocabulary_.has_value(); }
  absl::Status Train(const NextDocuments& next) override;
  std::string file_name() const override { return "vocab.txt"; }
  std::string Serialize() const override { return vocabulary_->ToText(); }
  absl::Status Restore(std::string_view text) override;
  std::vector<std::string> PathsBeside(const std::string& vocabulary) const override;
  std::map<std::string, std::string> FilesBeside(const std::string& vocabulary) const override;
  absl::StatusOr<std::map<std::string, std::string>> HuggingFaceFiles(
      int64_t length) const override;
  absl::Status CheckHuggingFaceFiles(const std::string& folder) const override;

 private:
  struct Memo;

  // tokenizer.json.
  std::string WholeTokenizer() const;

  // A memo nobody else uses while the Lease lives.
  class Lease;

  Options options_;
  BasicTokenizer basic_;
  std::optional<WordPieceVocabulary> vocabulary_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Memo>> idle_memos_;
};

}  // namespace pretext
