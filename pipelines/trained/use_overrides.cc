#include "pipelines/trained/use_overrides.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "pipelines/assembly/sections.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using google::protobuf::FieldDescriptor;

std::vector<const FieldDescriptor*> FieldsIn(const google::protobuf::Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  return fields;
}

// "train { precision }", "evaluate { … }"
std::string AsWritten(absl::string_view field) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(field, absl::MaxSplits('.', 1));
  return absl::StrCat(parts.first, " { ", parts.second.empty() ? "…" : parts.second, " }");
}

}  // namespace

absl::StatusOr<LoadedPipeline> ReadUseOverrides(const std::vector<std::string>& overrides,
                                                const std::vector<absl::string_view>& may) {
  LoadedPipeline over = LoadPipelineText("", "", overrides);
  const auto among = [&](absl::string_view field) {
    return std::find(may.begin(), may.end(), field) != may.end();
  };
  std::vector<std::string> written;
  for (const absl::string_view field : may) written.push_back(AsWritten(field));
  const absl::Status refused = absl::InvalidArgumentError(
      absl::StrCat("it is used as it was trained: of a pipeline only ",
                   absl::StrJoin(written, " and "), " can be another here"));
  for (const FieldDescriptor* field : FieldsIn(*over.config)) {
    if (among(field->name())) continue;
    if (field->name() != "train") over.map.AddFaults(field->name(), refused);
  }
  for (const FieldDescriptor* field : FieldsIn(over.config->train())) {
    const std::string path = absl::StrCat("train.", field->name());
    if (!among(path)) over.map.AddFaults(path, refused);
  }
  if (over.config->evaluate().has_validation()) {
    over.map.AddFaults("evaluate.validation",
                       absl::InvalidArgumentError("keeps samples from training, and nothing is "
                                                  "trained here; leave it out"));
  }
  CheckEvaluateSection(*over.config, &over.map);
  if (!over.map.ok()) return over.map.status();
  return over;
}

}  // namespace pretext
