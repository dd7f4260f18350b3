#include "tokenizers/word_piece/options_file.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file/read_file.h"
#include "google/protobuf/util/json_util.h"
#include "tokenizers/word_piece/options_file.pb.h"

namespace pretext {
namespace {

constexpr int64_t kMostBytes = 1 << 24;  // of a file with all added tokens of a large vocabulary
constexpr absl::string_view kForms[] = {"none", "nfc", "nfd", "nfkc", "nfkd"};

}  // namespace

std::string OptionsPath(const std::string& vocabulary) {
  const size_t slash = vocabulary.rfind('/');
  const size_t start = slash == std::string::npos ? 0 : slash + 1;
  absl::string_view name = absl::string_view(vocabulary).substr(start);
  absl::ConsumeSuffix(&name, ".gz");
  const size_t dot = name.rfind('.');
  if (dot != absl::string_view::npos && dot > 0) name = name.substr(0, dot);
  return absl::StrCat(vocabulary.substr(0, start), name == "vocab" ? "" : absl::StrCat(name, "."),
                      "tokenizer_config.json");
}

std::string SerializeOptions(const BasicTokenizerOptions& options) {
  TokenizerConfigJson config;
  config.set_tokenizer_class("BertTokenizer");
  config.set_do_lower_case(options.lower_case);
  config.set_strip_accents(options.strip_accents);
  config.set_tokenize_chinese_chars(options.split_cjk);
  config.set_clean_text(options.clean);
  config.set_normalization(std::string(kForms[static_cast<int>(options.normalization)]));
  google::protobuf::util::JsonPrintOptions print;
  print.add_whitespace = true;
  print.preserve_proto_field_names = true;
  std::string text;
  // Cannot fail: there is no Any in it.
  (void)google::protobuf::util::MessageToJsonString(config, &text, print);
  return text;
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
  return options;
}

}  // namespace pretext
