// The options that a vocabulary was learnt with, in a file beside it, so that it is not used with
// others: HuggingFace's tokenizer_config.json, with which the folder opens there by name.
//
//   vocab.txt -> tokenizer_config.json     english.txt -> english.tokenizer_config.json
//
// Known keys: do_lower_case, strip_accents (null: as do_lower_case), tokenize_chinese_chars, and of
// our own clean_text, normalization and max_input_chars_per_word (so in tokenizer.json). Any other
// is left alone; one that is missing is not known.
//
// BertTokenizer makes its parts anew, from the first three alone: what else was chosen otherwise
// than it has it needs the class that takes tokenizer.json, beside, as it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "tokenizers/word_piece/basic_tokenizer.h"

namespace pretext {

struct RememberedOptions {
  std::optional<bool> lower_case, strip_accents, split_cjk, clean;
  std::optional<Normalization> normalization;
  std::optional<int64_t> max_word_characters;
};

std::string OptionsPath(const std::string& vocabulary);
// The place of tokenizer.json, as OptionsPath.
std::string WholeTokenizerPath(const std::string& vocabulary);

// Whether BertTokenizer, of the vocabulary and the options file, does what these say.
bool IsBertTokenizer(const BasicTokenizerOptions& options, int64_t max_word_characters);

// `length`: the most tokens of a text, where that is known.
std::string SerializeOptions(const BasicTokenizerOptions& options, int64_t max_word_characters,
                             std::optional<int64_t> length = std::nullopt);
// NotFound when there is no file; InvalidArgument, with the path, when it is no such file.
absl::StatusOr<RememberedOptions> ReadRememberedOptions(const std::string& path);

}  // namespace pretext
