// Tokenizer: text to ids and back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/build_context.h"

namespace pretext {

// Registers with PRETEXT_REGISTER_TOKENIZER(Class, ConfigMessage); has
//   static absl::StatusOr<std::unique_ptr<Tokenizer>> Create(const ConfigMessage&, const
//   BuildContext&);
class Tokenizer {
 public:
  struct SpecialIds {
    int32_t pad = -1, unknown = -1, cls = -1, sep = -1, mask = -1;
  };

  virtual ~Tokenizer() = default;

  virtual int64_t vocabulary_size() const = 0;
  virtual SpecialIds special() const = 0;
  // Appends the ids of `text`, without [CLS] and [SEP]. Thread-safe.
  virtual void Encode(std::string_view text, std::vector<int32_t>& ids) const = 0;
  // The token's text as the vocabulary has it ("##ing").
  virtual std::string_view Token(int32_t id) const = 0;
  virtual bool is_special(int32_t id) const = 0;
  // Whether the token goes on with the word of the token before it.
  virtual bool is_continuation(int32_t id) const = 0;
  // Text of a run of tokens, pieces joined.
  virtual std::string Decode(const std::vector<int32_t>& ids) const = 0;
  // Changes whenever Encode's result may: the key of token caches.
  virtual std::string Fingerprint() const = 0;
};

}  // namespace pretext
