// Transformer by HuggingFace's names: BertModel (transformers/models/bert/modeling_bert.py).
#include "absl/strings/str_cat.h"
#include "core/plugin/bert_settings.h"
#include "core/plugin/export.h"
#include "core/plugin/export_names.h"
#include "encoders/transformer/transformer.pb.h"

namespace pretext {
namespace {

absl::StatusOr<ForeignModel> NamedByHuggingFace(const TrainedPart& part) {
  const auto& config = static_cast<const Transformer&>(*part.config);
  if (config.normalization() == Transformer::PRE) {
    return absl::InvalidArgumentError(
        "no class of transformers computes this encoder's normalization: PRE: BertModel normalises "
        "after each sublayer, RobertaPreLayerNorm the embeddings too, ModernBERT has other "
        "positions. --format onnx holds it");
  }
  ForeignModel model;
  model.architecture = "BertModel";
  model.reading = "huggingface.BertModel";
  model.tensors = part.Named(kHuggingFaceBert);
  model.first_token = config.pooling() == Transformer::CLS;
  int64_t segments = config.segments();
  if (segments == 0) {
    // Theirs has a table always: of zeros, an id of 0 adds nothing, as here.
    segments = 2;
    model.tensors.push_back(
        {"embeddings.token_type_embeddings.weight", Tensor::Zeros({segments, config.width()})});
  }
  const int64_t hidden = part["layers.0.feed_forward.in.weight"].dim(0);
  model.config = {
      {"model_type", "\"bert\""},
      {"vocab_size", absl::StrCat(part["token_embedding"].dim(0))},
      {"hidden_size", absl::StrCat(config.width())},
      {"num_hidden_layers", absl::StrCat(config.layers())},
      {"num_attention_heads", absl::StrCat(config.heads())},
      {"intermediate_size", absl::StrCat(hidden)},
      {"hidden_act", absl::StrCat("\"", BertActivation(config.activation()).values.front(), "\"")},
      {"hidden_dropout_prob", JsonFloat(config.dropout())},
      {"attention_probs_dropout_prob", JsonFloat(config.attention_dropout())},
      {"max_position_embeddings", absl::StrCat(part["position_embedding"].dim(0))},
      {"type_vocab_size", absl::StrCat(segments)},
      {"initializer_range", JsonFloat(config.initial_deviation())},
      {"layer_norm_eps", JsonFloat(config.epsilon())},
      {"tie_word_embeddings", "true"}};
  return model;
}

// One vector a text, as Encoder::Pool makes it.
absl::StatusOr<ForeignModel> NamedBySentenceTransformers(const TrainedPart& part) {
  absl::StatusOr<ForeignModel> model = NamedByHuggingFace(part);
  if (!model.ok()) return model;
  const auto& config = static_cast<const Transformer&>(*part.config);
  const bool cls = model->first_token;
  model->reading = "sentence_transformers.BertModel";
  model->files["1_Pooling/config.json"] =
      absl::StrCat("{\n  \"word_embedding_dimension\": ", config.width(),
                   ",\n  \"pooling_mode_cls_token\": ", cls ? "true" : "false",
                   ",\n  \"pooling_mode_mean_tokens\": ", cls ? "false" : "true",
                   ",\n  \"pooling_mode_max_tokens\": false,\n  "
                   "\"pooling_mode_mean_sqrt_len_tokens\": false\n}\n");
  return model;
}

PRETEXT_REGISTER_EXPORT(Transformer, "huggingface", NamedByHuggingFace);
PRETEXT_REGISTER_EXPORT(Transformer, "sentence-transformers", NamedBySentenceTransformers);

}  // namespace
}  // namespace pretext
