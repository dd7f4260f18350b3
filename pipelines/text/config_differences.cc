#include "pipelines/text/config_differences.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/plugin/registry.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using google::protobuf::Any;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

// Of a part its type, of another message its text on one line. `index`: of a repeated field.
std::string ValueText(const Message& message, const FieldDescriptor* field, int index) {
  const auto& reflection = *message.GetReflection();
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    const Message& value = field->is_repeated()
                               ? reflection.GetRepeatedMessage(message, field, index)
                               : reflection.GetMessage(message, field);
    // Of a part in a part it is no Any but a message that was made by its description.
    if (value.GetDescriptor() == Any::descriptor()) {
      Any type;
      type.set_type_url(value.GetReflection()->GetString(
          value, Any::descriptor()->FindFieldByNumber(Any::kTypeUrlFieldNumber)));
      return TypeNameOf(type);
    }
    return value.ShortDebugString();
  }
  std::string text;
  google::protobuf::TextFormat::PrintFieldValueToString(message, field,
                                                        field->is_repeated() ? index : -1, &text);
  return text;
}

std::unique_ptr<Message> Unpacked(const Any& any) {
  const std::string name = TypeNameOf(any);
  const auto* type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  if (type == nullptr) return nullptr;
  std::unique_ptr<Message> message(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  return message->ParseFromString(any.value()) ? std::move(message) : nullptr;
}

void AddFields(const Message& message, const std::string& prefix,
               std::map<std::string, std::string>& values) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> given;
  reflection.ListFields(message, &given);
  for (const FieldDescriptor* field : given) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const std::string path = absl::StrCat(prefix, field->name(),
                                            field->is_repeated() ? absl::StrCat("[", i, "]") : "");
      values[path] = ValueText(message, field, i);
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
      const Message& inner = field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                  : reflection.GetMessage(message, field);
      const auto* any = dynamic_cast<const Any*>(&inner);
      const std::unique_ptr<Message> part = any != nullptr ? Unpacked(*any) : nullptr;
      AddFields(part != nullptr ? *part : inner, path + ".", values);
    }
  }
}

class Collector : public MessageDifferencer::Reporter {
 public:
  using Path = std::vector<MessageDifferencer::SpecificField>;

  explicit Collector(std::vector<ConfigDifference>& found) : found_(found) {}

  void ReportAdded(const Message&, const Message& after, const Path& path) override {
    found_.push_back({Text(path), kNothingGiven, Value(after, path.back(), path.back().new_index)});
  }
  void ReportDeleted(const Message& before, const Message&, const Path& path) override {
    found_.push_back({Text(path), Value(before, path.back(), path.back().index), kNothingGiven});
  }
  void ReportModified(const Message& before, const Message& after, const Path& path) override {
    const FieldDescriptor* field = path.back().field;
    if (field == nullptr) return;
    std::string was = Value(before, path.back(), path.back().index);
    std::string is = Value(after, path.back(), path.back().new_index);
    // What differs inside of a message was reported by itself.
    const bool whole = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
                       (field->message_type() != Any::descriptor() || was == is);
    if (!whole) found_.push_back({Text(path), std::move(was), std::move(is)});
  }

 private:
  static std::string Text(const Path& path) {
    std::string text;
    for (const auto& step : path) {
      if (step.field == nullptr) continue;
      absl::StrAppend(&text, text.empty() ? "" : ".", step.field->name());
      const int index = std::max(step.index, step.new_index);
      if (step.field->is_repeated() && index >= 0) absl::StrAppend(&text, "[", index, "]");
    }
    return text;
  }

  static std::string Value(const Message& message, const MessageDifferencer::SpecificField& at,
                           int index) {
    return at.field == nullptr ? "" : ValueText(message, at.field, index);
  }

  std::vector<ConfigDifference>& found_;
};

}  // namespace

std::map<std::string, std::string> FieldsOf(const Pipeline& config) {
  std::map<std::string, std::string> values;
  AddFields(config, "", values);
  return values;
}

std::vector<ConfigDifference> CompareConfigs(const Pipeline& before, const Pipeline& after) {
  std::vector<ConfigDifference> found;
  Collector collector(found);
  MessageDifferencer differencer;
  differencer.ReportDifferencesTo(&collector);
  differencer.Compare(before, after);
  return found;
}

}  // namespace pretext
