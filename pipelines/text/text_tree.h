// A text-format message as a tree of fields with the place of each in the text, before anything is
// known of its types.
//
// Protobuf's own text parser stops at the first value that does not fit and reports many
// faults at the token after the one at fault. Parsing in two steps (this tree, with
// protobuf's tokenizer; then binding it to a message, with protobuf's parser for each value)
// finds every fault and its true place.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace pretext {

// Both count from 1; columns in bytes.
struct TextPosition {
  int line = 1;
  int column = 1;
};

struct TextField;

// A scalar, or a message in braces.
struct TextValue {
  TextPosition at;
  bool is_message = false;
  std::string scalar;             // the tokens as written, separated by spaces: `-1`, `"a" "b"`
  std::vector<TextField> fields;  // of a message, in the order written
};

struct TextField {
  TextPosition at;
  // "width"; for a type in brackets, what is inside: "type.googleapis.com/pretext.Mlp".
  std::string name;
  bool is_type = false;           // in brackets
  std::vector<TextValue> values;  // one, or the elements of a list in brackets
};

struct TextFault {
  TextPosition at;
  std::string message;
};

// The fields of `text` up to its first syntax fault, and that fault. `faults` may also name bad
// characters before it.
struct TextTree {
  std::vector<TextField> fields;
  std::vector<TextFault> faults;
};

TextTree ParseTextTree(absl::string_view text);

// `text` in quotes, with what is not printable escaped, and cut when it is long: for messages.
std::string Quoted(absl::string_view text);

}  // namespace pretext
