#include "tokenizers/word_piece/options_file.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file/read_file.h"
#include "google/protobuf/util/json_util.h"
#include "tokenizers/word_piece/options_file.pb.h"
#include "tokenizers/word_piece/vocabulary.h"

namespace pretext {
namespace {

constexpr int64_t kMostBytes = 1 << 24;  // of a file with all added tokens of a large vocabulary
constexpr absl::string_view kForms[] = {"none", "nfc", "nfd", "nfkc", "nfkd"};

// A file of that name beside a vocabulary, and named after it.
std::string Beside(const std::string& vocabulary, absl::string_view file) {
  const size_t slash = vocabulary.rfind('/');
  const size_t start = slash == std::string::npos ? 0 : slash + 1;
  absl::string_view name = absl::string_view(vocabulary).substr(start);
  absl::ConsumeSuffix(&name, ".gz");
  const size_t dot = name.rfind('.');
  if (dot != absl::string_view::npos && dot > 0) name = name.substr(0, dot);
  return absl::StrCat(vocabulary.substr(0, start), name == "vocab" ? "" : absl::StrCat(name, "."),
                      file);
}

}  // namespace

std::string OptionsPath(const std::string& vocabulary) {
  return Beside(vocabulary, "tokenizer_config.json");
}

std::string WholeTokenizerPath(const std::string& vocabulary) {
  return Beside(vocabulary, "tokenizer.json");
}

bool IsBertTokenizer(const BasicTokenizerOptions& options, int64_t max_word_characters) {
  constexpr int64_t kTheirMost = 100;
  return options.clean && options.normalization == Normalization::kNone &&
         max_word_characters == kTheirMost;
}

std::string SerializeOptions(const BasicTokenizerOptions& options, int64_t max_word_characters,
                             std::optional<int64_t> length) {
  const auto truth = [](bool value) { return value ? "true" : "false"; };
  std::string text = absl::StrCat(
      "{\n  \"tokenizer_class\": \"",
      IsBertTokenizer(options, max_word_characters) ? "BertTokenizer" : "PreTrainedTokenizerFast",
      "\",\n  \"do_lower_case\": ", truth(options.lower_case),
      ",\n  \"strip_accents\": ", truth(options.strip_accents),
      ",\n  \"tokenize_chinese_chars\": ", truth(options.split_cjk),
      ",\n  \"clean_text\": ", truth(options.clean), ",\n  \"normalization\": \"",
      kForms[static_cast<int>(options.normalization)],
      "\",\n  \"max_input_chars_per_word\": ", max_word_characters,
      ",\n  \"model_input_names\": [\"input_ids\", \"token_type_ids\", \"attention_mask\"]");
  if (length) absl::StrAppend(&text, ",\n  \"model_max_length\": ", *length);
  // PreTrainedTokenizerFast knows no names of its own.
  const std::pair<const char*, std::string_view> roles[] = {
      {"pad_token", WordPieceVocabulary::kPad},
      {"unk_token", WordPieceVocabulary::kUnknown},
      {"cls_token", WordPieceVocabulary::kCls},
      {"sep_token", WordPieceVocabulary::kSep},
      {"mask_token", WordPieceVocabulary::kMask}};
  for (const auto& [role, name] : roles)
    absl::StrAppend(&text, ",\n  \"", role, "\": \"", std::string(name), "\"");
  return text + "\n}\n";
}

absl::StatusOr<RememberedOptions> ReadRememberedOptions(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path, kMostBytes);
  if (!text.ok()) return text.status();
  google::protobuf::util::JsonParseOptions parse;
  parse.ignore_unknown_fields = true;
  TokenizerConfigJson config;
  if (const auto parsed = google::protobuf::util::JsonStringToMessage(*text, &config, parse);
      !parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is no JSON object of a tokenizer's options: ",
                     absl::string_view(parsed.message().data(), parsed.message().size()),
                     ". Mend it, or remove it to use the vocabulary without"));
  }
  RememberedOptions options;
  if (config.has_do_lower_case()) {
    options.lower_case = config.do_lower_case();
    options.strip_accents = config.do_lower_case();
  }
  if (config.has_strip_accents()) options.strip_accents = config.strip_accents();
  if (config.has_tokenize_chinese_chars()) options.split_cjk = config.tokenize_chinese_chars();
  if (config.has_clean_text()) options.clean = config.clean_text();
  if (config.has_normalization()) {
    const auto* form = std::find(std::begin(kForms), std::end(kForms),
                                 absl::AsciiStrToLower(config.normalization()));
    if (form == std::end(kForms)) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": normalization is none, nfc, nfd, nfkc or nfkd; it is ", config.normalization()));
    }
    options.normalization = static_cast<Normalization>(form - std::begin(kForms));
  }
  if (config.has_max_input_chars_per_word())
    options.max_word_characters = config.max_input_chars_per_word();
  return options;
}

}  // namespace pretext
