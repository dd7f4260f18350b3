#include "pipelines/text/scalar_value.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/text/nearest.h"
#include "base/unicode/unicode.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "pipelines/text/text_tree.h"

namespace pretext {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::vector<std::string> ValueNames(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) names.push_back(type.value(i)->name());
  return names;
}

template <typename T>
std::string WholeNumber() {
  return absl::StrCat("a whole number from ", std::numeric_limits<T>::min(), " to ",
                      std::numeric_limits<T>::max());
}

class Silent : public google::protobuf::io::ErrorCollector {
  void AddError(int, int, const std::string&) override {}
};

// "" or what is wrong with the one value that `message` holds of the field:
// numbers must be finite, text UTF-8.
std::string CheckValue(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  const bool list = field.is_repeated();
  double number = 0;
  std::string text;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_FLOAT) {
    number = list ? reflection.GetRepeatedFloat(message, &field, 0)
                  : reflection.GetFloat(message, &field);
  } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
    number = list ? reflection.GetRepeatedDouble(message, &field, 0)
                  : reflection.GetDouble(message, &field);
  } else if (field.type() == FieldDescriptor::TYPE_STRING) {
    text = list ? reflection.GetRepeatedString(message, &field, 0)
                : reflection.GetString(message, &field);
  }
  if (!std::isfinite(number)) return "must be a finite number";
  // Whatever reads it as C's text, as the system does a path, would end there.
  if (text.find('\0') != std::string::npos) return "must not hold a NUL character";
  const size_t valid = ValidUtf8Prefix(text);
  return valid == text.size() ? "" : absl::StrCat("must be UTF-8, and is not at byte ", valid + 1);
}

// What stands in quotes, if that is all.
std::optional<absl::string_view> WithoutQuotes(absl::string_view text) {
  if (text.size() < 2 || (text.front() != '"' && text.front() != '\'')) return std::nullopt;
  return text.substr(1, text.size() - 2);
}

// "it is "x"", for the text of a value, whether in quotes itself or not.
std::string ItIs(absl::string_view text) {
  return absl::StrCat("it is ", Quoted(WithoutQuotes(text).value_or(text)));
}

}  // namespace

std::string SetScalar(const std::string& text, const FieldDescriptor& field, Message* message) {
  google::protobuf::TextFormat::Parser parser;
  Silent silent;
  parser.RecordErrorsTo(&silent);
  const std::unique_ptr<Message> trial(message->New());
  if (!parser.ParseFieldValueFromString(text, &field, trial.get())) {
    std::string meant;
    const std::optional<absl::string_view> bare = WithoutQuotes(text);
    if (bare && parser.ParseFieldValueFromString(std::string(*bare), &field, trial.get())) {
      meant = ", in quotes: take them away";
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      meant = DidYouMean(text, ValueNames(*field.enum_type()));
    }
    return absl::StrCat("must be ", DescribeValues(field), "; ", ItIs(text), meant);
  }
  const std::string fault = CheckValue(*trial, field);
  if (!fault.empty()) return absl::StrCat(fault, "; ", ItIs(text));
  message->MergeFrom(*trial);
  return "";
}

std::string DescribeValues(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return WholeNumber<int32_t>();
    case FieldDescriptor::CPPTYPE_INT64:
      return WholeNumber<int64_t>();
    case FieldDescriptor::CPPTYPE_UINT32:
      return WholeNumber<uint32_t>();
    case FieldDescriptor::CPPTYPE_UINT64:
      return WholeNumber<uint64_t>();
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "a finite number";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrCat("one of ", ListOrNone(ValueNames(*field.enum_type())));
    case FieldDescriptor::CPPTYPE_STRING:
      return "text in quotes";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return "a message in braces";
  }
  return "";
}

}  // namespace pretext
