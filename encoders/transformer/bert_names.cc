#include "encoders/transformer/bert_names.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/plugin/bert_settings.h"
#include "encoders/transformer/transformer.pb.h"

namespace pretext {
namespace {

// The weight and the bias of a layer.
void AddLayer(const std::string& ours, const std::vector<std::string>& theirs,
              const char* rows_field, std::vector<ForeignTensor>& tensors) {
  for (const char* const which : {".weight", ".bias"}) {
    ForeignTensor tensor{ours + which, {}, rows_field};
    for (const std::string& name : theirs) tensor.theirs.push_back(name + which);
    tensors.push_back(std::move(tensor));
  }
}

void AddTransformerLayer(int64_t number, std::vector<ForeignTensor>& tensors) {
  const std::string ours = absl::StrCat("layers.", number, "."),
                    theirs = absl::StrCat("encoder.layer.", number, "."),
                    self = theirs + "attention.self.";
  AddLayer(ours + "attention.in", {self + "query", self + "key", self + "value"}, "width", tensors);
  AddLayer(ours + "attention.out", {theirs + "attention.output.dense"}, "width", tensors);
  AddLayer(ours + "attention_norm", {theirs + "attention.output.LayerNorm"}, "width", tensors);
  AddLayer(ours + "feed_forward.in", {theirs + "intermediate.dense"}, "feed_forward", tensors);
  AddLayer(ours + "feed_forward.out", {theirs + "output.dense"}, "width", tensors);
  AddLayer(ours + "feed_forward_norm", {theirs + "output.LayerNorm"}, "width", tensors);
}

}  // namespace

std::vector<ForeignNames> BertNames(const Transformer& config) {
  if (config.normalization() == Transformer::PRE) return {};
  ForeignNames names;
  names.program = kHuggingFaceBert;
  names.tensors = {{"token_embedding", {"embeddings.word_embeddings.weight"}, "vocabulary"},
                   {"position_embedding", {"embeddings.position_embeddings.weight"}, "positions"}};
  if (config.segments() > 0) {
    names.tensors.push_back(
        {"segment_embedding", {"embeddings.token_type_embeddings.weight"}, "segments"});
  }
  AddLayer("embedding_norm", {"embeddings.LayerNorm"}, "width", names.tensors);
  for (int64_t i = 0; i < config.layers(); ++i) AddTransformerLayer(i, names.tensors);
  names.unused = {"embeddings.position_ids", "embeddings.token_type_ids"};
  names.settings = {{"num_attention_heads", {absl::StrCat(config.heads())}, "heads"},
                    BertActivation(config.activation()),
                    BertEpsilon(config.epsilon()),
                    {"position_embedding_type", {"absolute"}, ""}};
  return {names};
}

}  // namespace pretext
