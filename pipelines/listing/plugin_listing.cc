#include "pipelines/listing/plugin_listing.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/text/nearest.h"
#include "core/plugin/config_docs.h"
#include "core/plugin/registry.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

constexpr absl::string_view kAny = "google.protobuf.Any";

std::string Indented(const std::string& text, int columns) {
  if (text.empty()) return "";
  std::string result;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::StrAppend(&result, line.empty() ? "" : std::string(static_cast<size_t>(columns), ' '),
                    line, "\n");
  }
  return result;
}

std::string TypeOf(const FieldDescriptor& field) {
  std::string type;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    std::vector<std::string> values;
    for (int i = 0; i < field.enum_type()->value_count(); ++i) {
      values.push_back(field.enum_type()->value(i)->name());
    }
    type = absl::StrJoin(values, " | ");
  } else if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    type = field.type_name();
  } else if (field.message_type()->full_name() == kAny) {
    type = "{ [type] { … } }";
  } else {
    type = "{ … }";
  }
  return field.is_repeated() ? absl::StrCat(type, ", repeated") : type;
}

std::string DefaultOf(const FieldDescriptor& field) {
  if (!field.has_default_value()) return "";
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(field.default_value_int32());
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(field.default_value_int64());
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(field.default_value_uint32());
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(field.default_value_uint64());
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(field.default_value_double());
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrCat(field.default_value_float());
    case FieldDescriptor::CPPTYPE_BOOL:
      return field.default_value_bool() ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return field.default_value_enum()->name();
    case FieldDescriptor::CPPTYPE_STRING:
      return absl::StrCat("\"", absl::Utf8SafeCEscape(field.default_value_string()), "\"");
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return "";
  }
  return "";
}

// The documented values of an enum, a line each.
std::string DescribeValues(const EnumDescriptor& type, int indent) {
  std::string text;
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string docs = ConfigDocs(absl::StrCat(type.full_name(), ".", type.value(i)->name()));
    if (docs.empty()) continue;
    absl::StrAppend(&text, Indented(absl::StrCat(type.value(i)->name(), ": ", docs), indent));
  }
  return text;
}

// The fields of a message, and those of the messages inside it; `outer` holds the messages that
// this one is inside of, so that one inside itself is described once.
std::string DescribeFields(const Descriptor& message, int indent,
                           std::vector<const Descriptor*> outer) {
  outer.push_back(&message);
  std::string text;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    const std::string value = DefaultOf(field);
    absl::StrAppend(&text, std::string(static_cast<size_t>(indent), ' '), field.name(), ": ",
                    TypeOf(field), value.empty() ? "" : absl::StrCat(" = ", value), "\n");
    std::string docs = ConfigDocs(field.full_name());
    if (field.containing_oneof() != nullptr) {
      absl::StrAppend(&docs, docs.empty() ? "" : " ", "(One of the ",
                      field.containing_oneof()->name(), " fields.)");
    }
    absl::StrAppend(&text, Indented(docs, indent + 4));
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      absl::StrAppend(&text, DescribeValues(*field.enum_type(), indent + 6));
    }
    const Descriptor* inner = field.message_type();
    if (inner != nullptr && inner->full_name() != kAny &&
        std::find(outer.begin(), outer.end(), inner) == outer.end()) {
      absl::StrAppend(&text, DescribeFields(*inner, indent + 4, outer));
    }
  }
  return text;
}

std::string DescribePlugin(const Plugin& plugin) {
  const Descriptor& descriptor = *plugin.default_config->GetDescriptor();
  const std::string fields = DescribeFields(descriptor, 4, {});
  return absl::StrCat(plugin.ShortName(), "  (", plugin.kind, ", ", TypeInBrackets(plugin.name),
                      ", ", plugin.Package(), ")\n", Indented(ConfigDocs(plugin.name), 2),
                      fields.empty() ? "    (no fields)\n" : fields);
}

// Up to a full stop before a capital: "Devlin et al. 2018" goes on.
std::string FirstSentence(const std::string& docs) {
  std::string text = absl::StrJoin(absl::StrSplit(docs.substr(0, docs.find("\n\n")), '\n'), " ");
  for (size_t end = text.find(". "); end != std::string::npos; end = text.find(". ", end + 1)) {
    if (end + 2 < text.size() && absl::ascii_isupper(text[end + 2])) return text.substr(0, end + 1);
  }
  return text;
}

// A line a plugin of every kind.
std::string Overview() {
  std::string text;
  for (const absl::string_view kind : PluginKinds()) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", FolderOfKind(kind), "\n");
    size_t width = 0;
    for (const Plugin* plugin : PluginsOfKind(kind)) {
      width = std::max(width, plugin->ShortName().size());
    }
    for (const Plugin* plugin : PluginsOfKind(kind)) {
      const std::string name = plugin->ShortName();
      const std::string docs = FirstSentence(ConfigDocs(plugin->name));
      absl::StrAppend(&text, "  ", name,
                      docs.empty() ? "" : std::string(width - name.size() + 2, ' '), docs, "\n");
    }
    if (PluginsOfKind(kind).empty()) absl::StrAppend(&text, "  (none)\n");
  }
  return text;
}

}  // namespace

absl::StatusOr<std::string> ListPlugins(absl::string_view what) {
  if (what.empty()) return Overview();
  std::vector<const Plugin*> chosen;
  std::vector<std::string> known;
  for (const absl::string_view kind : PluginKinds()) {
    known.push_back(std::string(kind));
    const std::vector<const Plugin*> plugins = PluginsOfKind(kind);
    const bool all = what == kind || what == FolderOfKind(kind);
    if (all && plugins.empty()) return absl::StrCat("No ", kind, " is in this binary.\n");
    for (const Plugin* plugin : plugins) {
      known.push_back(plugin->ShortName());
      if (all || what == plugin->name || what == plugin->ShortName()) chosen.push_back(plugin);
    }
  }
  if (chosen.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no kind and no plugin is called \"", what, "\"",
                     NearestAndKnown(what, known, "Kinds", absl::StrJoin(PluginKinds(), ", "))));
  }
  return absl::StrJoin(chosen, "\n", [](std::string* out, const Plugin* plugin) {
    out->append(DescribePlugin(*plugin));
  });
}

std::string DescribePipelineFields() { return DescribeFields(*Pipeline::descriptor(), 0, {}); }

}  // namespace pretext
