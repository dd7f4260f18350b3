#include "core/plugin/config_docs.h"

#include <map>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/protobuf/descriptor.pb.h"

namespace pretext {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using google::protobuf::SourceCodeInfo;

struct Bytes {
  const void* data;
  size_t size;
};

// What was registered and is not parsed yet.
std::vector<Bytes>& Pending() {
  static auto* pending = new std::vector<Bytes>;
  return *pending;
}

std::string CleanComment(absl::string_view comment) {
  std::vector<absl::string_view> lines;
  for (absl::string_view line : absl::StrSplit(absl::StripAsciiWhitespace(comment), '\n')) {
    absl::ConsumePrefix(&line, " ");
    lines.push_back(absl::StripTrailingAsciiWhitespace(line));
  }
  return absl::StrJoin(lines, "\n");
}

// Collects the comments of one file by full name.
class FileDocs {
 public:
  FileDocs(const FileDescriptorProto& file, std::map<std::string, std::string, std::less<>>* docs)
      : docs_(*docs) {
    for (const SourceCodeInfo::Location& location : file.source_code_info().location()) {
      const std::string& comment = location.leading_comments().empty()
                                       ? location.trailing_comments()
                                       : location.leading_comments();
      if (!comment.empty()) comments_[absl::StrJoin(location.path(), ".")] = CleanComment(comment);
    }
    for (int i = 0; i < file.message_type_size(); ++i) {
      AddMessage(file.message_type(i), file.package(),
                 Path("", FileDescriptorProto::kMessageTypeFieldNumber, i));
    }
    for (int i = 0; i < file.enum_type_size(); ++i) {
      AddEnum(file.enum_type(i), file.package(),
              Path("", FileDescriptorProto::kEnumTypeFieldNumber, i));
    }
  }

 private:
  static std::string Path(const std::string& parent, int field_number, int index) {
    return absl::StrCat(parent, parent.empty() ? "" : ".", field_number, ".", index);
  }

  void Add(const std::string& name, const std::string& path) {
    const auto comment = comments_.find(path);
    if (comment != comments_.end()) docs_[name] = comment->second;
  }

  void AddMessage(const DescriptorProto& message, const std::string& scope,
                  const std::string& path) {
    const std::string name = absl::StrCat(scope, scope.empty() ? "" : ".", message.name());
    Add(name, path);
    for (int i = 0; i < message.field_size(); ++i) {
      Add(absl::StrCat(name, ".", message.field(i).name()),
          Path(path, DescriptorProto::kFieldFieldNumber, i));
    }
    for (int i = 0; i < message.nested_type_size(); ++i) {
      AddMessage(message.nested_type(i), name,
                 Path(path, DescriptorProto::kNestedTypeFieldNumber, i));
    }
    for (int i = 0; i < message.enum_type_size(); ++i) {
      AddEnum(message.enum_type(i), name, Path(path, DescriptorProto::kEnumTypeFieldNumber, i));
    }
  }

  void AddEnum(const EnumDescriptorProto& type, const std::string& scope, const std::string& path) {
    const std::string name = absl::StrCat(scope, scope.empty() ? "" : ".", type.name());
    Add(name, path);
    for (int i = 0; i < type.value_size(); ++i) {
      Add(absl::StrCat(name, ".", type.value(i).name()),
          Path(path, EnumDescriptorProto::kValueFieldNumber, i));
    }
  }

  std::map<std::string, std::string> comments_;  // by path in the descriptor
  std::map<std::string, std::string, std::less<>>& docs_;
};

const std::map<std::string, std::string, std::less<>>& AllDocs() {
  static auto* docs = new std::map<std::string, std::string, std::less<>>;
  static auto* seen = new std::set<std::string>;
  for (const Bytes& bytes : Pending()) {
    FileDescriptorSet files;
    if (!files.ParseFromArray(bytes.data, static_cast<int>(bytes.size))) continue;
    for (const FileDescriptorProto& file : files.file()) {
      if (seen->insert(file.name()).second) FileDocs(file, docs);
    }
  }
  Pending().clear();
  return *docs;
}

}  // namespace

void RegisterConfigDocs(const void* bytes, size_t size) { Pending().push_back({bytes, size}); }

std::string ConfigDocs(absl::string_view full_name) {
  const auto found = AllDocs().find(full_name);
  return found == AllDocs().end() ? "" : found->second;
}

}  // namespace pretext
