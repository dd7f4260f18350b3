#include "pipelines/scalar_value.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/text/nearest.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "pipelines/text_tree.h"

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

bool IsFinite(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  const int last = field.is_repeated() ? reflection.FieldSize(message, &field) - 1 : 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_FLOAT:
      return std::isfinite(field.is_repeated() ? reflection.GetRepeatedFloat(message, &field, last)
                                               : reflection.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return std::isfinite(field.is_repeated() ? reflection.GetRepeatedDouble(message, &field, last)
                                               : reflection.GetDouble(message, &field));
    default:
      return true;
  }
}

std::string Mismatch(const std::string& text, const FieldDescriptor& field) {
  const std::string meant = field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM
                                ? DidYouMean(text, ValueNames(*field.enum_type()))
                                : "";
  return absl::StrCat("must be ", DescribeValues(field), "; it is ",
                      text.front() == '"' || text.front() == '\'' ? text : Quoted(text), meant);
}

}  // namespace

std::string SetScalar(const std::string& text, const FieldDescriptor& field, Message* message) {
  google::protobuf::TextFormat::Parser parser;
  Silent silent;
  parser.RecordErrorsTo(&silent);
  const std::unique_ptr<Message> trial(message->New());
  if (!parser.ParseFieldValueFromString(text, &field, trial.get()) || !IsFinite(*trial, field)) {
    return Mismatch(text, field);
  }
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
