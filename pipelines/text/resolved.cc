#include <algorithm>
#include <cstdint>
#include <memory>

#include "core/plugin/registry.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "pipelines/text/load_pipeline.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using google::protobuf::Any;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Writes the default of a scalar field into the message.
void SetToDefault(const FieldDescriptor& field, Message* message) {
  const Reflection& reflection = *message->GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(message, &field, field.default_value_int32());
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.SetInt64(message, &field, field.default_value_int64());
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.SetUInt32(message, &field, field.default_value_uint32());
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.SetUInt64(message, &field, field.default_value_uint64());
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.SetDouble(message, &field, field.default_value_double());
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection.SetFloat(message, &field, field.default_value_float());
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.SetBool(message, &field, field.default_value_bool());
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.SetEnum(message, &field, field.default_value_enum());
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.SetString(message, &field, field.default_value_string());
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return;
  }
}

enum class Parts : uint8_t { kFill, kLeave };

void FillMessage(Message* message, Parts parts);

void FillPart(Any* any) {
  const Plugin* plugin = FindPlugin(TypeNameOf(*any));
  if (plugin == nullptr) return;
  const std::unique_ptr<Message> config(plugin->default_config->New());
  if (!config->ParsePartialFromString(any->value())) return;
  FillMessage(config.get(), Parts::kFill);
  any->set_value(config->SerializePartialAsString());
}

// Only declared defaults: a field without one may mean something by its absence, as a plugin's
// message may. The pipeline's own sections mean nothing by theirs.
void FillMessage(Message* message, Parts parts) {
  if (Any* any = dynamic_cast<Any*>(message)) {
    if (parts == Parts::kFill) FillPart(any);
    return;
  }
  const Reflection& reflection = *message->GetReflection();
  const auto& descriptor = *message->GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (field.is_repeated()) {
      const bool messages = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
      for (int k = 0; messages && k < reflection.FieldSize(*message, &field); ++k) {
        FillMessage(reflection.MutableRepeatedMessage(message, &field, k), parts);
      }
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const bool section = field.message_type()->file() == Pipeline::descriptor()->file();
      if (section || reflection.HasField(*message, &field)) {
        FillMessage(reflection.MutableMessage(message, &field), parts);
      }
    } else if (field.has_default_value() && !reflection.HasField(*message, &field)) {
      SetToDefault(field, message);
    }
  }
}

void Fill(Pipeline* pipeline, Parts parts) {
  Pipeline::Views& views = *pipeline->mutable_views();
  for (Pipeline::Group& group : *views.mutable_group()) {
    if (!group.has_count() && group.view_size() > 0) group.set_count(group.view_size());
  }
  if (!views.has_count() && views.group_size() > 0) {
    int64_t count = 0;
    for (const Pipeline::Group& group : views.group()) count += std::max(group.count(), 0);
    views.set_count(static_cast<int32_t>(std::min<int64_t>(count, INT32_MAX)));
  }
  if (!views.has_count() && views.view_size() > 0) views.set_count(views.view_size());
  if (pipeline->evaluate().knn().empty()) {
    pipeline->mutable_evaluate()->add_knn()->set_k(200);
    Pipeline::Knn* plain = pipeline->mutable_evaluate()->add_knn();
    plain->set_k(10);
    plain->set_temperature(0);
  }
  FillMessage(pipeline, parts);
}

}  // namespace

void FillDefaults(Pipeline* pipeline) { Fill(pipeline, Parts::kFill); }

void FillSectionDefaults(Pipeline* pipeline) { Fill(pipeline, Parts::kLeave); }

std::string ResolvedText(const Pipeline& pipeline, const std::string& version) {
  Pipeline resolved = pipeline;
  FillDefaults(&resolved);
  resolved.set_version(version);
  google::protobuf::TextFormat::Printer printer;
  printer.SetExpandAny(true);
  printer.SetUseShortRepeatedPrimitives(true);
  printer.SetUseUtf8StringEscaping(true);
  std::string text;
  printer.PrintToString(resolved, &text);
  return text;
}

}  // namespace pretext
