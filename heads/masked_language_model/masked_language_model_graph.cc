// MaskedLanguageModel as a graph: scores of every token of every sequence.
#include "absl/strings/str_cat.h"
#include "core/layers/activation_config.h"
#include "core/plugin/export_layers.h"
#include "heads/masked_language_model/masked_language_model.pb.h"

namespace pretext {
namespace {

absl::StatusOr<GraphFlow> DrawMaskedLanguageModel(const TrainedPart& part, const GraphFlow& h,
                                                  GraphBuilder& graph) {
  const auto& config = static_cast<const MaskedLanguageModel&>(*part.config);
  std::string t = DrawLinear(part, "dense", h.value, ToActivation(config.activation()), graph);
  t = graph.LayerNorm(t, absl::StrCat(part.name, ".norm"), part["norm.weight"], part["norm.bias"],
                      config.epsilon());
  // Tied: the table that the encoder has put into the graph.
  const std::string decoder =
      graph.Node("Transpose", {absl::StrCat(part.encoder->name, ".token_embedding")},
                 {{"perm", std::vector<int64_t>{1, 0}}});
  const std::string scores = graph.Node(
      "Add", {graph.Node("MatMul", {t, decoder}),
              graph.Constant(absl::StrCat(part.name, ".decoder.bias"), part["decoder.bias"])});
  DeclareOutput("logits", part.output, scores, graph);
  return GraphFlow{.value = scores, .mask = h.mask};
}

PRETEXT_REGISTER_EXPORT(MaskedLanguageModel, "onnx", DrawMaskedLanguageModel);

}  // namespace
}  // namespace pretext
