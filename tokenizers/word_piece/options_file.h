// The options that a vocabulary was learnt with, in a file beside it, so that it is not used with
// others: HuggingFace's tokenizer_config.json, with which the folder opens there by name.
//
//   vocab.txt -> tokenizer_config.json     english.txt -> english.tokenizer_config.json
//
// Known keys: do_lower_case, strip_accents (null: as do_lower_case), tokenize_chinese_chars, and of
// our own clean_text and normalization. Any other is left alone; one that is missing is not known.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "tokenizers/word_piece/basic_tokenizer.h"

namespace pretext {

struct RememberedOptions {
  std::optional<bool> lower_case, strip_accents, split_cjk, clean;
  std::optional<Normalization> normalization;
};

std::string OptionsPath(const std::string& vocabulary);
std::string SerializeOptions(const BasicTokenizerOptions& options);
// NotFound when there is no file; InvalidArgument, with the path, when it is no such file.
absl::StatusOr<RememberedOptions> ReadRememberedOptions(const std::string& path);

}  // namespace pretext
