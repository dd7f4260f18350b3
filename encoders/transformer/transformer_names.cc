// Transformer by HuggingFace's names: BertModel (transformers/models/bert/modeling_bert.py).
#include "absl/strings/str_cat.h"
#include "core/plugin/export.h"
#include "core/plugin/export_names.h"
#include "encoders/transformer/transformer.pb.h"

namespace pretext {
namespace {

// The rows of a table, with a second one of zeros where ours has no segments: an id of 0 then adds
// nothing, as here.
Tensor SegmentTable(const TrainedPart& part) {
  const Tensor ours = part.Find("segment_embedding");
  constexpr int64_t kKinds = 2;
  return ours.defined() ? ours : Tensor::Zeros({kKinds, part["token_embedding"].dim(1)});
}

void AddLayer(const TrainedPart& part, int64_t number, std::vector<NamedTensor>& tensors) {
  const std::string ours = absl::StrCat("layers.", number, "."),
                    theirs = absl::StrCat("encoder.layer.", number, ".");
  const auto add = [&](const char* to, const char* from) {
    for (const char* kind : {".weight", ".bias"})
      tensors.push_back({absl::StrCat(theirs, to, kind), part[absl::StrCat(ours, from, kind)]});
  };
  // Ours has queries, keys and values in one matrix, in this order.
  int64_t block = 0;
  for (const char* what : {"query", "key", "value"}) {
    for (const char* kind : {".weight", ".bias"}) {
      const Tensor all = part[absl::StrCat(ours, "attention.in", kind)];
      const int64_t rows = all.dim(0) / 3;
      tensors.push_back({absl::StrCat(theirs, "attention.self.", what, kind),
                         all.Rows(block * rows, (block + 1) * rows)});
    }
    ++block;
  }
  add("attention.output.dense", "attention.out");
  add("attention.output.LayerNorm", "attention_norm");
  add("intermediate.dense", "feed_forward.in");
  add("output.dense", "feed_forward.out");
  add("output.LayerNorm", "feed_forward_norm");
}

absl::StatusOr<ForeignModel> NamedByHuggingFace(const TrainedPart& part) {
  const auto& config = static_cast<const Transformer&>(*part.config);
  if (config.normalization() == Transformer::PRE) {
    return absl::InvalidArgumentError(
        "no class of transformers computes this encoder's normalization: PRE: BertModel normalises "
        "after each sublayer, RobertaPreLayerNorm the embeddings too, ModernBERT has other "
        "positions. --format onnx holds it");
  }
  const Tensor segments = SegmentTable(part);
  ForeignModel model;
  model.architecture = "BertModel";
  model.reading = "huggingface.BertModel";
  model.tensors = {{"embeddings.word_embeddings.weight", part["token_embedding"]},
                   {"embeddings.position_embeddings.weight", part["position_embedding"]},
                   {"embeddings.token_type_embeddings.weight", segments},
                   {"embeddings.LayerNorm.weight", part["embedding_norm.weight"]},
                   {"embeddings.LayerNorm.bias", part["embedding_norm.bias"]}};
  for (int64_t i = 0; i < config.layers(); ++i) AddLayer(part, i, model.tensors);
  const int64_t hidden = part["layers.0.feed_forward.in.weight"].dim(0);
  model.config = {{"model_type", "\"bert\""},
                  {"vocab_size", absl::StrCat(part["token_embedding"].dim(0))},
                  {"hidden_size", absl::StrCat(config.width())},
                  {"num_hidden_layers", absl::StrCat(config.layers())},
                  {"num_attention_heads", absl::StrCat(config.heads())},
                  {"intermediate_size", absl::StrCat(hidden)},
                  {"hidden_act", absl::StrCat("\"", NameInTransformers(config.activation()), "\"")},
                  {"hidden_dropout_prob", JsonFloat(config.dropout())},
                  {"attention_probs_dropout_prob", JsonFloat(config.attention_dropout())},
                  {"max_position_embeddings", absl::StrCat(part["position_embedding"].dim(0))},
                  {"type_vocab_size", absl::StrCat(segments.dim(0))},
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
  const bool cls = config.pooling() == Transformer::CLS;
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
