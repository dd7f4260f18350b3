#include "pipelines/text/binder.h"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status/fault.h"
#include "base/text/nearest.h"
#include "core/plugin/registry.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "pipelines/text/scalar_value.h"

namespace pretext {
namespace {

using google::protobuf::Any;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;

constexpr absl::string_view kTypePrefix = "type.googleapis.com/";

std::vector<std::string> FieldNames(const Descriptor& descriptor) {
  std::vector<std::string> names;
  for (int i = 0; i < descriptor.field_count(); ++i) names.push_back(descriptor.field(i)->name());
  return names;
}

std::vector<std::string> MemberNames(const OneofDescriptor& oneof) {
  std::vector<std::string> names;
  for (int i = 0; i < oneof.field_count(); ++i) names.push_back(oneof.field(i)->name());
  return names;
}

// The kind of plugin that an Any field takes, or "" if its author named it after none.
absl::string_view KindOfField(absl::string_view name) {
  if (name == "predictor") return "head";
  for (const absl::string_view kind : PluginKinds()) {
    if (name == kind || absl::EndsWith(name, absl::StrCat("_", kind))) return kind;
  }
  return "";
}

std::string Line(const TextPosition& at) { return absl::StrCat(at.line, ":", at.column); }

class Binder {
 public:
  Binder(int source, SourceMap* map) : source_(source), map_(*map) {}

  void BindFields(const std::vector<TextField>& fields, Message* message, const std::string& path) {
    Seen seen;
    for (const TextField& field : fields) {
      const FieldDescriptor* descriptor = FindField(field, *message, path);
      if (descriptor != nullptr && Admit(field, *descriptor, path, &seen, message)) {
        BindField(field, *descriptor, message, path);
      }
    }
  }

 private:
  // Where this source gave which field of one message.
  using Seen = std::map<const FieldDescriptor*, TextPosition>;

  void Fault(const TextPosition& at, const std::string& path, const std::string& message) {
    map_.AddFault({source_, at}, path, message);
    map_.Doubt(path);
  }

  const FieldDescriptor* FindField(const TextField& field, const Message& message,
                                   const std::string& path) {
    const Descriptor& descriptor = *message.GetDescriptor();
    if (field.is_type) {
      map_.AddFault(
          {source_, field.at}, path,
          absl::StrCat("[", field.name, "] stands where a field of ", descriptor.full_name(),
                       " belongs; a type in brackets is written "
                       "inside a part, encoder { [type] { … } }"));
      return nullptr;
    }
    const FieldDescriptor* found = descriptor.FindFieldByName(field.name);
    if (found != nullptr) return found;
    const std::vector<std::string> known = FieldNames(descriptor);
    const std::string meant = NearestMatch(field.name, known);
    map_.AddFault({source_, field.at}, path,
                  absl::StrCat("no field ", Quoted(field.name), " in ", descriptor.full_name(),
                               meant.empty() ? "." : absl::StrCat("; did you mean ", meant, "?"),
                               known.empty() ? " It has no fields."
                                             : absl::StrCat(" It has: ", ListOrNone(known), ".")));
    // What was meant for the nearest field did not reach it.
    map_.Doubt(JoinPath(path, meant.empty() ? field.name : meant));
    return nullptr;
  }

  // Whether the field may be given here; makes room for it.
  bool Admit(const TextField& field, const FieldDescriptor& descriptor, const std::string& path,
             Seen* seen, Message* message) {
    const std::string field_path = JoinPath(path, field.name);
    const auto [earlier, is_new] = seen->emplace(&descriptor, field.at);
    if (descriptor.is_repeated()) {
      if (is_new) {
        message->GetReflection()->ClearField(message, &descriptor);
        map_.Forget(field_path);
      }
      return true;
    }
    if (!is_new) {
      Fault(field.at, field_path, absl::StrCat("given twice, first at ", Line(earlier->second)));
      return false;
    }
    if (field.values.size() != 1) {
      Fault(field.at, field_path, "takes one value, not a list");
      return false;
    }
    const OneofDescriptor* oneof = descriptor.containing_oneof();
    for (int i = 0; oneof != nullptr && i < oneof->field_count(); ++i) {
      if (oneof->field(i) == &descriptor) continue;
      const auto other = seen->find(oneof->field(i));
      if (other != seen->end()) {
        Fault(field.at, field_path,
              absl::StrCat("given beside ", oneof->field(i)->name(), " at ", Line(other->second),
                           "; only one of ", ListOrNone(MemberNames(*oneof)), " may be"));
        return false;
      }
      map_.Forget(JoinPath(path, oneof->field(i)->name()));
    }
    return true;
  }

  void BindField(const TextField& field, const FieldDescriptor& descriptor, Message* message,
                 const std::string& path) {
    const Reflection& reflection = *message->GetReflection();
    const std::string field_path = JoinPath(path, field.name);
    if (!descriptor.is_repeated()) {
      map_.SetPlace(field_path, {source_, field.at});
      BindValue(field.values[0], descriptor, message, field_path);
      return;
    }
    if (reflection.FieldSize(*message, &descriptor) == 0) {
      map_.SetPlace(field_path, {source_, field.at});
    }
    for (const TextValue& value : field.values) {
      const std::string element =
          absl::StrCat(field_path, "[", reflection.FieldSize(*message, &descriptor), "]");
      map_.SetPlace(element, {source_, field.values.size() == 1 ? field.at : value.at});
      BindValue(value, descriptor, message, element);
    }
  }

  void BindValue(const TextValue& value, const FieldDescriptor& descriptor, Message* message,
                 const std::string& path) {
    if (descriptor.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      const std::string fault =
          value.is_message
              ? absl::StrCat("must be ", DescribeValues(descriptor), ", not a message in braces")
              : SetScalar(value.scalar, descriptor, message);
      if (!fault.empty()) Fault(value.at, path, fault);
      return;
    }
    if (!value.is_message) {
      Fault(value.at, path,
            absl::StrCat("must be a message in braces, ", descriptor.name(), " { … }"));
      return;
    }
    const Reflection& reflection = *message->GetReflection();
    Message* child = descriptor.is_repeated() ? reflection.AddMessage(message, &descriptor)
                                              : reflection.MutableMessage(message, &descriptor);
    if (Any* any = dynamic_cast<Any*>(child)) {
      BindPart(value, descriptor, any, path);
    } else {
      BindFields(value.fields, child, path);
    }
  }

  // The one type in brackets inside `part`, or null after a fault. Its name goes to `name`.
  const TextField* FindType(const TextValue& part, const FieldDescriptor& descriptor,
                            const std::string& path, std::string* name) {
    const absl::string_view kind = KindOfField(descriptor.name());
    if (kind.empty()) {
      Fault(part.at, path, "cannot be given: the field is named after no kind of plugin");
      return nullptr;
    }
    std::vector<std::string> known;
    for (const Plugin* plugin : PluginsOfKind(kind)) known.push_back(plugin->name);
    const std::string form =
        absl::StrCat(descriptor.name(), " { ",
                     TypeInBrackets(known.empty() ? "PACKAGE.TYPE" : known.front()), " { … } }");
    if (part.fields.empty()) {
      Fault(part.at, path, absl::StrCat("names no ", kind, "; write ", form));
      return nullptr;
    }
    const TextField& type = part.fields.front();
    if (!type.is_type) {
      Fault(type.at, path,
            absl::StrCat("needs a type in brackets before ", Quoted(type.name), "; write ", form));
      return nullptr;
    }
    if (part.fields.size() > 1) {
      const TextField& second = part.fields[1];
      Fault(second.at, path,
            absl::StrCat("takes one type in brackets; ", Quoted(second.name), " is beside it"));
      return nullptr;
    }
    if (!absl::StartsWith(type.name, kTypePrefix)) {
      const size_t slash = type.name.rfind('/');
      const std::string bare = slash == std::string::npos ? type.name : type.name.substr(slash + 1);
      Fault(type.at, path, absl::StrCat("a type is written ", TypeInBrackets(bare)));
      return nullptr;
    }
    *name = type.name.substr(kTypePrefix.size());
    const absl::Status status = CheckPluginName(kind, *name);
    if (!status.ok()) {
      Fault(type.at, path, std::string(status.message()));
      return nullptr;
    }
    if (type.values.size() != 1 || !type.values[0].is_message) {
      Fault(type.at, path, absl::StrCat("must be a message in braces; write ", form));
      return nullptr;
    }
    return &type;
  }

  void BindPart(const TextValue& part, const FieldDescriptor& descriptor, Any* any,
                const std::string& path) {
    std::string name;
    const TextField* type = FindType(part, descriptor, path, &name);
    if (type == nullptr) return;
    const std::unique_ptr<Message> config(FindPlugin(name)->default_config->New());
    if (any->type_url() == type->name) {
      config->ParsePartialFromString(any->value());
    } else {
      const Place place = map_.PlaceOf(path);
      map_.Forget(path);
      map_.SetPlace(path, place);
      any->set_type_url(type->name);
    }
    BindFields(type->values[0].fields, config.get(), path);
    any->set_value(config->SerializePartialAsString());
  }

  const int source_;
  SourceMap& map_;
};

}  // namespace

void BindText(const TextTree& tree, int source, Message* message, SourceMap* map) {
  for (const TextFault& fault : tree.faults) map->AddFault({source, fault.at}, "", fault.message);
  Binder(source, map).BindFields(tree.fields, message, "");
}

}  // namespace pretext
