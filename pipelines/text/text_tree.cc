#include "pipelines/text/text_tree.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/unicode/unicode.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace pretext {
namespace {

using google::protobuf::io::Tokenizer;

constexpr int kMaxDepth = 64;

// Protobuf counts lines and columns from 0, with tabs that end at multiples of 8.
class Positions {
 public:
  explicit Positions(absl::string_view text) : lines_(absl::StrSplit(text, '\n')) {}

  TextPosition Of(int line, int column) const {
    if (line < 0) return {};
    size_t byte = 0;
    if (line < lines_.size()) {
      const absl::string_view text = lines_[line];
      for (int seen = 0; byte < text.size() && seen < column; ++byte) {
        seen += text[byte] == '\t' ? 8 - seen % 8 : 1;
      }
    }
    return {line + 1, static_cast<int>(byte) + 1};
  }

 private:
  const std::vector<absl::string_view> lines_;
};

class TokenFaults : public google::protobuf::io::ErrorCollector {
 public:
  TokenFaults(const Positions& positions, std::vector<TextFault>* faults)
      : positions_(positions), faults_(*faults) {}
  void AddError(int line, int column, const std::string& message) override {
    faults_.push_back({positions_.Of(line, column), message});
  }

 private:
  const Positions& positions_;
  std::vector<TextFault>& faults_;
};

class Parser {
 public:
  Parser(absl::string_view text, TextTree* tree)
      : positions_(text),
        token_faults_(positions_, &tree->faults),
        input_(text.data(), static_cast<int>(text.size())),
        tokenizer_(&input_, &token_faults_),
        tree_(*tree) {
    tokenizer_.set_comment_style(Tokenizer::SH_COMMENT_STYLE);
    tokenizer_.set_allow_f_after_float(true);
    Next();
  }

  void Parse() {
    while (!At(Tokenizer::TYPE_END)) {
      if (!ParseField(&tree_.fields, 0)) return;
    }
  }

 private:
  const Tokenizer::Token& token() { return tokenizer_.current(); }
  TextPosition Here() { return positions_.Of(token().line, token().column); }
  void Next() { tokenizer_.Next(); }
  bool At(Tokenizer::TokenType type) { return token().type == type; }
  bool AtSymbol(char symbol) {
    return At(Tokenizer::TYPE_SYMBOL) && token().text.size() == 1 && token().text[0] == symbol;
  }
  bool Skip(char symbol) {
    if (!AtSymbol(symbol)) return false;
    Next();
    return true;
  }

  bool Fail(const std::string& expected) {
    const std::string found =
        At(Tokenizer::TYPE_END) ? "the end of the text" : Quoted(token().text);
    tree_.faults.push_back({Here(), absl::StrCat("expected ", expected, ", found ", found)});
    return false;
  }

  // `fields` of a message may gain a field even where the parse fails inside it.
  bool ParseField(std::vector<TextField>* fields, int depth) {
    fields->emplace_back();
    TextField& field = fields->back();
    field.at = Here();
    if (AtSymbol('[')) {
      if (!ParseType(&field)) {
        fields->pop_back();
        return false;
      }
    } else if (At(Tokenizer::TYPE_IDENTIFIER)) {
      field.name = token().text;
      Next();
    } else {
      fields->pop_back();
      return Fail("the name of a field");
    }
    const bool colon = Skip(':');
    if (!ParseValues(&field, colon, depth)) {
      if (field.values.empty()) fields->pop_back();
      return false;
    }
    if (!Skip(',')) Skip(';');
    return true;
  }

  // [type.googleapis.com/pretext.Mlp]
  bool ParseType(TextField* field) {
    field->is_type = true;
    Next();
    while (true) {
      if (!At(Tokenizer::TYPE_IDENTIFIER)) {
        return Fail("a type such as type.googleapis.com/pretext.Mlp");
      }
      field->name += token().text;
      Next();
      if (Skip(']')) return true;
      if (!AtSymbol('.') && !AtSymbol('/')) return Fail("'.', '/' or ']' in a type");
      field->name += token().text;
      Next();
    }
  }

  bool ParseValues(TextField* field, bool colon, int depth) {
    if (!AtSymbol('[')) return ParseValue(field, colon, depth);
    Next();
    if (Skip(']')) return true;
    do {
      if (!ParseValue(field, colon, depth)) return false;
    } while (Skip(','));
    return Skip(']') || Fail("',' or ']'");
  }

  bool ParseValue(TextField* field, bool colon, int depth) {
    field->values.emplace_back();
    TextValue& value = field->values.back();
    value.at = Here();
    const bool angle = AtSymbol('<');
    if (angle || AtSymbol('{')) {
      value.is_message = true;
      return ParseMessage(&value.fields, angle ? '>' : '}', depth + 1);
    }
    if (!colon || !ParseScalar(&value)) {
      field->values.pop_back();
      return Fail(colon ? "a value" : "':' or '{'");
    }
    return true;
  }

  bool ParseMessage(std::vector<TextField>* fields, char end, int depth) {
    const TextPosition begin = Here();
    if (depth > kMaxDepth) {
      tree_.faults.push_back({begin, absl::StrCat("nested deeper than ", kMaxDepth, " messages")});
      return false;
    }
    Next();
    while (!AtSymbol(end)) {
      if (At(Tokenizer::TYPE_END)) {
        tree_.faults.push_back({begin, absl::StrCat("never closed: expected '", std::string(1, end),
                                                    "' before the end of the text")});
        return false;
      }
      if (AtSymbol('}') || AtSymbol('>')) {
        return Fail(absl::StrCat("'", std::string(1, end), "'"));
      }
      if (!ParseField(fields, depth)) return false;
    }
    Next();
    return true;
  }

  // Leaves the token alone and returns false when it starts no scalar.
  bool ParseScalar(TextValue* value) {
    if (At(Tokenizer::TYPE_STRING)) {
      while (At(Tokenizer::TYPE_STRING)) {
        absl::StrAppend(&value->scalar, value->scalar.empty() ? "" : " ", token().text);
        Next();
      }
      return true;
    }
    if (Skip('-')) value->scalar = "-";
    if (!At(Tokenizer::TYPE_INTEGER) && !At(Tokenizer::TYPE_FLOAT) &&
        !At(Tokenizer::TYPE_IDENTIFIER)) {
      return false;
    }
    value->scalar += token().text;
    Next();
    return true;
  }

  const Positions positions_;
  TokenFaults token_faults_;
  google::protobuf::io::ArrayInputStream input_;
  Tokenizer tokenizer_;
  TextTree& tree_;
};

}  // namespace

TextTree ParseTextTree(absl::string_view text) {
  TextTree tree;
  Parser(text, &tree).Parse();
  return tree;
}

std::string Quoted(absl::string_view text) {
  constexpr size_t kLongest = 60;
  const auto valid = [](absl::string_view bytes) {
    return ValidUtf8Prefix({bytes.data(), bytes.size()});
  };
  absl::string_view shown = text.substr(0, kLongest);
  const bool utf8 = valid(text) == text.size();
  if (utf8) shown = shown.substr(0, valid(shown));  // not within a character
  return absl::StrCat("\"", utf8 ? absl::Utf8SafeCEscape(shown) : absl::CEscape(shown),
                      shown.size() < text.size() ? "…" : "", "\"");
}

}  // namespace pretext
