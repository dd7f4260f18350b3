// MaskedLanguageModel by HuggingFace's names: what BertForMaskedLM has beside BertModel.
#include "absl/strings/str_cat.h"
#include "core/plugin/bert_settings.h"
#include "core/plugin/export.h"
#include "core/plugin/export_names.h"
#include "heads/masked_language_model/masked_language_model.pb.h"

namespace pretext {
namespace {

absl::Status NamedByHuggingFace(const TrainedPart& head, ForeignModel& model) {
  const auto& config = static_cast<const MaskedLanguageModel&>(*head.config);
  const std::string epsilon = JsonFloat(config.epsilon()),
                    activation = absl::StrCat(
                        "\"", BertActivation(config.activation()).values.front(), "\"");
  if (epsilon != model.Member("layer_norm_eps")) {
    return absl::InvalidArgumentError(
        absl::StrCat("BertForMaskedLM has one layer_norm_eps for encoder and head; this encoder's "
                     "epsilon is ",
                     model.Member("layer_norm_eps"), ", its head's ", epsilon,
                     ". Leave out --with-head, or take --format onnx"));
  }
  if (activation != model.Member("hidden_act")) {
    return absl::InvalidArgumentError(
        absl::StrCat("BertForMaskedLM has one hidden_act for encoder and head; this encoder's is ",
                     model.Member("hidden_act"), ", its head's ", activation,
                     ". Leave out --with-head, or take --format onnx"));
  }
  model.architecture = "BertForMaskedLM";
  for (NamedTensor& tensor : model.tensors) tensor.name = "bert." + tensor.name;
  // The decoder's weight is the word embeddings and its bias this one: tied, not stored.
  for (NamedTensor& tensor : head.Named(kHuggingFaceBert))
    model.tensors.push_back(std::move(tensor));
  return absl::OkStatus();
}

PRETEXT_REGISTER_EXPORT(MaskedLanguageModel, "huggingface", NamedByHuggingFace);

}  // namespace
}  // namespace pretext
