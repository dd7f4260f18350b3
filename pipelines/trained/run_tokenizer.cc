#include "pipelines/trained/run_tokenizer.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/plugin/build_context.h"
#include "core/plugin/registry.h"
#include "pipelines/checkpoint/fingerprint.h"
#include "pipelines/text/config_differences.h"
#include "pipelines/text/load_pipeline.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using google::protobuf::Any;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsOneAny(const FieldDescriptor* field) {
  return field != nullptr && !field->is_repeated() && field->message_type() == Any::descriptor();
}

const Any& AnyIn(const Message& message, const FieldDescriptor* field) {
  return dynamic_cast<const Any&>(message.GetReflection()->GetMessage(message, field));
}

// The field of a dataset's config that its tokenizer is in, or null.
const FieldDescriptor* TokenizerField(const Message& config) {
  for (int i = 0; i < config.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = config.GetDescriptor()->field(i);
    if (!IsOneAny(field)) continue;
    const Plugin* plugin = FindPlugin(TypeNameOf(AnyIn(config, field)));
    if (plugin != nullptr && plugin->kind == kKindName<Tokenizer>) return field;
  }
  return nullptr;
}

// Faults of what the given dataset's tokenizer, in that field of it, says otherwise than the run's,
// unless it is a vocabulary that makes the same tokens.
void CheckTokenizer(const Any& tokenizer, const std::string& field, const Pipeline& own,
                    const std::string& fingerprint, LoadedPipeline& given) {
  Pipeline of_run, of_text;
  *of_run.mutable_dataset() = own.dataset();
  *of_text.mutable_dataset() = given.config->dataset();
  FillDefaults(&of_run);
  FillDefaults(&of_text);
  std::vector<ConfigDifference> differences = CompareConfigs(of_run, of_text);
  std::erase_if(differences, [&](const ConfigDifference& each) {
    return each.path != field && !absl::StartsWith(each.path, field + ".");
  });
  if (differences.empty()) return;
  const auto made = Registry<Tokenizer>::Create(tokenizer, BuildContext());
  given.map.AddFaults(field, made.status());
  if (!made.ok()) return;
  if (!(*made)->needs_training() && TokenizerFingerprint(**made) == fingerprint) return;
  for (const ConfigDifference& each : differences) {
    const std::string is = each.after == kNothingGiven ? "not given" : each.after,
                      was = each.before == kNothingGiven ? "out it" : " " + each.before;
    given.map.AddFaults(each.path,
                        absl::InvalidArgumentError(absl::StrCat(
                            "is ", is, ", and the run was trained with", was,
                            ": an encoder is measured on the tokens that it was trained on. Leave "
                            "the tokenizer out, and the run's is taken")));
  }
}

}  // namespace

void TakeTokenizer(const Pipeline& own, const std::string& fingerprint, LoadedPipeline& given) {
  const auto ours = UnpackPlugin(kKindName<Dataset>, own.dataset());
  const auto theirs = UnpackPlugin(kKindName<Dataset>, given.config->dataset());
  if (!ours.ok() || !theirs.ok()) return;  // as Assemble will say
  const FieldDescriptor* const from = TokenizerField(*ours->message);
  if (from == nullptr) return;
  const FieldDescriptor* const to = theirs->message->GetDescriptor()->FindFieldByName(from->name());
  if (!IsOneAny(to)) return;
  const std::unique_ptr<Message> data(theirs->message->New());
  data->CopyFrom(*theirs->message);
  if (data->GetReflection()->HasField(*data, to))
    CheckTokenizer(AnyIn(*data, to), "dataset." + to->name(), own, fingerprint, given);
  data->GetReflection()->MutableMessage(data.get(), to)->CopyFrom(AnyIn(*ours->message, from));
  given.config->mutable_dataset()->set_value(data->SerializePartialAsString());
}

}  // namespace pretext
