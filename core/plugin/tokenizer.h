// Tokenizer: text to ids and back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plugin/build_context.h"

namespace pretext {

// Registers with PRETEXT_REGISTER_TOKENIZER(Class, ConfigMessage); has
//   static absl::StatusOr<std::unique_ptr<Tokenizer>> Create(const ConfigMessage& config,
//                                                            const BuildContext& context);
class Tokenizer {
 public:
  struct SpecialIds {
    int32_t pad = -1, unknown = -1, cls = -1, sep = -1, mask = -1;
  };

  virtual ~Tokenizer() = default;

  virtual int64_t vocabulary_size() const = 0;
  virtual SpecialIds special() const = 0;
  // Appends the ids of `text`, without [CLS] and [SEP]; what is no UTF-8
  // is read as U+FFFD. Thread-safe.
  virtual void Encode(std::string_view text, std::vector<int32_t>& ids) const = 0;
  // The token's text as the vocabulary has it ("##ing").
  virtual std::string_view Token(int32_t id) const = 0;
  virtual bool is_special(int32_t id) const = 0;
  // Whether the token goes on with the word of the token before it.
  virtual bool is_continuation(int32_t id) const = 0;
  // Text of a run of tokens, pieces joined.
  virtual std::string Decode(const std::vector<int32_t>& ids) const = 0;
  // Changes whenever Encode's result may: the key of token caches. Of one that still has to learn:
  // whenever what it learns from a given text may.
  virtual std::string Fingerprint() const = 0;

  // A tokenizer whose config says so learns its vocabulary from the training text.
  // Until it has, there are only vocabulary_size() (as asked for: it does not change by learning),
  // special() and Fingerprint().
  virtual bool needs_training() const { return false; }
  // Gives the next documents (well-formed UTF-8); none at the end.
  using NextDocuments = std::function<absl::Status(std::vector<std::string>& documents)>;
  virtual absl::Status Train(const NextDocuments& next);

  // What was read or learnt, as the text of a file of that name, for a cache and the run directory;
  // and back, in the place of Train.
  virtual std::string file_name() const = 0;
  virtual std::string Serialize() const = 0;
  virtual absl::Status Restore(std::string_view text) = 0;
};

inline absl::Status Tokenizer::Train(const NextDocuments&) {
  return absl::FailedPreconditionError("this tokenizer does not learn");
}

}  // namespace pretext
