// WordPieceTokenizer as HuggingFace's files (tokenizers' tokenizer.json; transformers'
// tokenizer_config.json and vocab.txt).
#include <google/protobuf/struct.pb.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file/read_file.h"
#include "base/json/json.h"
#include "base/json/read_json.h"
#include "tokenizers/word_piece/options_file.h"
#include "tokenizers/word_piece/word_piece.h"

namespace pretext {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr int64_t kMostBytes = int64_t{1} << 30;
constexpr const char* kForms[] = {"", "NFC", "NFD", "NFKC", "NFKD"};

const char* Truth(bool value) { return value ? "true" : "false"; }

std::string BertNormalizer(bool clean, bool cjk, bool accents, bool lower) {
  return absl::StrCat("{\"type\": \"BertNormalizer\", \"clean_text\": ", Truth(clean),
                      ", \"handle_chinese_chars\": ", Truth(cjk),
                      ", \"strip_accents\": ", Truth(accents), ", \"lowercase\": ", Truth(lower),
                      "}");
}

// In the order of basic_tokenizer.h: a Unicode form comes between BertNormalizer's halves.
std::string Normalizer(const BasicTokenizerOptions& options) {
  const bool accents = options.strip_accents;
  if (options.normalization == Normalization::kNone)
    return BertNormalizer(options.clean, options.split_cjk, accents, options.lower_case);
  return absl::StrCat("{\"type\": \"Sequence\", \"normalizers\": [",
                      BertNormalizer(options.clean, options.split_cjk, false, false),
                      ", {\"type\": \"", kForms[static_cast<int>(options.normalization)], "\"}, ",
                      BertNormalizer(false, false, accents, options.lower_case), "]}");
}

// [CLS] A [SEP], and of a pair [CLS] A [SEP] B [SEP] with B of type 1.
std::string PostProcessor(int32_t cls, int32_t sep) {
  const auto special = [](const char* name, int type) {
    return absl::StrCat("{\"SpecialToken\": {\"id\": \"", name, "\", \"type_id\": ", type, "}}");
  };
  const auto sequence = [](const char* name, int type) {
    return absl::StrCat("{\"Sequence\": {\"id\": \"", name, "\", \"type_id\": ", type, "}}");
  };
  const auto token = [](const char* name, int32_t id) {
    return absl::StrCat("\"", name, "\": {\"id\": \"", name, "\", \"ids\": [", id,
                        "], \"tokens\": [\"", name, "\"]}");
  };
  const std::string single =
      absl::StrCat(special("[CLS]", 0), ", ", sequence("A", 0), ", ", special("[SEP]", 0));
  return absl::StrCat("{\"type\": \"TemplateProcessing\", \"single\": [", single, "], \"pair\": [",
                      single, ", ", sequence("B", 1), ", ", special("[SEP]", 1),
                      "], \"special_tokens\": {", token("[CLS]", cls), ", ", token("[SEP]", sep),
                      "}}");
}

const Value& At(const Value& object, const char* name) {
  const auto& fields = object.struct_value().fields();
  const auto at = fields.find(name);
  return at == fields.end() ? Value::default_instance() : at->second;
}

// Adds what one normalizer of tokenizer.json does.
void ReadNormalizer(const Value& normalizer, BasicTokenizerOptions& options) {
  const std::string type = At(normalizer, "type").string_value();
  for (int form = 1; form < 5; ++form) {
    if (type == kForms[form]) options.normalization = static_cast<Normalization>(form);
  }
  for (const Value& inner : At(normalizer, "normalizers").list_value().values())
    ReadNormalizer(inner, options);
  if (type != "BertNormalizer") return;
  options.clean |= At(normalizer, "clean_text").bool_value();
  options.split_cjk |= At(normalizer, "handle_chinese_chars").bool_value();
  options.strip_accents |= At(normalizer, "strip_accents").bool_value();
  options.lower_case |= At(normalizer, "lowercase").bool_value();
}

// Texts that every rule of the tokenizer meets.
std::vector<std::string> HardTexts() {
  return {"",
          "The QUICK brown fox: jumped, 3.14 times (over) the lazy-dog!",
          "na\u00efve co\u00f6perate \u00dcberma\u00df \u0130stanbul "
          "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u041c\u043e\u0441\u043a\u0432\u0430",
          "\u5317\u4eac\u5e02 \u3053\u3093\u306b\u3061\u306f \ud55c\uad6d\uc5b4 "
          "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u0939\u093f\u0928\u094d\u0926\u0940",
          "tab\there, a bell\a, zero\u200bwidth, \ufb01 ligature, \u2460 \u212b, \ufffd",
          std::string(150, 'a') + " " + std::string(99, 'b') + "\u2014dash \u201cquoted\u201d"};
}

}  // namespace

std::string WordPieceTokenizer::WholeTokenizer() const {
  const SpecialIds ids = special();
  std::vector<std::string> added, vocabulary;
  const std::pair<const char*, int32_t> names[] = {{"[PAD]", ids.pad},
                                                   {"[UNK]", ids.unknown},
                                                   {"[CLS]", ids.cls},
                                                   {"[SEP]", ids.sep},
                                                   {"[MASK]", ids.mask}};
  for (const auto& [name, id] : names) {
    added.push_back(absl::StrCat("    {\"id\": ", id, ", \"content\": \"", name,
                                 "\", \"single_word\": false, \"lstrip\": false, \"rstrip\": "
                                 "false, \"normalized\": false, \"special\": true}"));
  }
  for (int32_t id = 0; id < vocabulary_size(); ++id)
    vocabulary.push_back(absl::StrCat(JsonString(vocabulary_->piece(id)), ": ", id));
  return absl::StrCat(
      "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n"
      "  \"added_tokens\": [\n",
      absl::StrJoin(added, ",\n"), "\n  ],\n  \"normalizer\": ", Normalizer(options_.basic),
      ",\n  \"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"},\n  \"post_processor\": ",
      PostProcessor(ids.cls, ids.sep),
      ",\n  \"decoder\": {\"type\": \"WordPiece\", \"prefix\": \"##\", \"cleanup\": true},\n"
      "  \"model\": {\"type\": \"WordPiece\", \"unk_token\": \"[UNK]\", "
      "\"continuing_subword_prefix\": \"##\", \"max_input_chars_per_word\": ",
      options_.max_word_characters, ", \"vocab\": {\n", absl::StrJoin(vocabulary, ",\n"),
      "\n  }}\n}\n");
}

absl::StatusOr<std::map<std::string, std::string>> WordPieceTokenizer::HuggingFaceFiles(
    int64_t length) const {
  return std::map<std::string, std::string>{
      {"vocab.txt", vocabulary_->ToText()},
      {"tokenizer.json", WholeTokenizer()},
      {"tokenizer_config.json",
       SerializeOptions(options_.basic, options_.max_word_characters, length)}};
}

absl::Status WordPieceTokenizer::CheckHuggingFaceFiles(const std::string& folder) const {
  const std::string path = folder + "/tokenizer.json";
  const auto bad = [&](const auto&... what) {
    return absl::DataLossError(absl::StrCat(path, ": ", what...));
  };
  absl::StatusOr<Struct> json = ReadJsonFile(path, kMostBytes);
  if (!json.ok()) return json.status();
  const absl::StatusOr<std::string> lines = ReadFile(folder + "/vocab.txt", kMostBytes);
  if (!lines.ok()) return lines.status();
  Value file;
  *file.mutable_struct_value() = *std::move(json);
  const Value& model = At(file, "model");
  const auto& vocabulary = At(model, "vocab").struct_value().fields();
  std::vector<std::string> pieces(vocabulary.size());
  for (const auto& [piece, id] : vocabulary) {
    const double number = id.number_value();
    if (!(number >= 0 && number < static_cast<double>(pieces.size())))
      return bad("the id of \"", piece, "\" is beyond the vocabulary");
    pieces[static_cast<size_t>(number)] = piece;
  }
  absl::StatusOr<WordPieceVocabulary> read = WordPieceVocabulary::FromPieces(std::move(pieces));
  if (!read.ok()) return bad(read.status().message());
  if (read->ToText() != *lines) return bad("its vocabulary is not vocab.txt's");
  Options options;
  options.basic = {.lower_case = false, .strip_accents = false, .split_cjk = false, .clean = false};
  ReadNormalizer(At(file, "normalizer"), options.basic);
  options.max_word_characters =
      static_cast<int64_t>(At(model, "max_input_chars_per_word").number_value());
  const WordPieceTokenizer theirs(options, *std::move(read));
  for (const std::string& hard : HardTexts()) {
    std::vector<int32_t> ours_ids, their_ids;
    Encode(hard, ours_ids);
    theirs.Encode(hard, their_ids);
    if (ours_ids != their_ids) return bad("encodes \"", hard, "\" otherwise");
  }
  return absl::OkStatus();
}

}  // namespace pretext
