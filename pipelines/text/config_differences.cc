#include "pipelines/text/config_differences.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
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

constexpr char kNothing[] = "nothing";

class Collector : public MessageDifferencer::Reporter {
 public:
  using Path = std::vector<MessageDifferencer::SpecificField>;

  explicit Collector(std::vector<ConfigDifference>& found) : found_(found) {}

  void ReportAdded(const Message&, const Message& after, const Path& path) override {
    found_.push_back({Text(path), kNothing, Value(after, path.back(), path.back().new_index)});
  }
  void ReportDeleted(const Message& before, const Message&, const Path& path) override {
    found_.push_back({Text(path), Value(before, path.back(), path.back().index), kNothing});
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

  // Of a part its type, of another message its text on one line.
  static std::string Value(const Message& message, const MessageDifferencer::SpecificField& at,
                           int index) {
    if (at.field == nullptr) return "";
    const auto& reflection = *message.GetReflection();
    if (at.field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const Message& value = at.field->is_repeated()
                                 ? reflection.GetRepeatedMessage(message, at.field, index)
                                 : reflection.GetMessage(message, at.field);
      if (const Any* any = dynamic_cast<const Any*>(&value)) {
        return any->type_url().substr(any->type_url().rfind('/') + 1);
      }
      return value.ShortDebugString();
    }
    std::string text;
    google::protobuf::TextFormat::PrintFieldValueToString(
        message, at.field, at.field->is_repeated() ? index : -1, &text);
    return text;
  }

  std::vector<ConfigDifference>& found_;
};

}  // namespace

std::vector<ConfigDifference> CompareConfigs(const Pipeline& before, const Pipeline& after) {
  std::vector<ConfigDifference> found;
  Collector collector(found);
  MessageDifferencer differencer;
  differencer.ReportDifferencesTo(&collector);
  differencer.Compare(before, after);
  return found;
}

}  // namespace pretext
