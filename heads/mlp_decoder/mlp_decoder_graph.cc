// MlpDecoder as a graph.
#include "core/layers/activation_config.h"
#include "core/plugin/export_layers.h"
#include "heads/mlp_decoder/mlp_decoder.h"
#include "heads/mlp_decoder/mlp_decoder.pb.h"

namespace pretext {
namespace {

absl::StatusOr<GraphFlow> DrawMlpDecoder(const TrainedPart& part, const GraphFlow& h,
                                         GraphBuilder& graph) {
  const MlpOptions options = MlpDecoderHead::OptionsOf(static_cast<const MlpDecoder&>(*part.config),
                                                       part.input.size(), part.output.size());
  const std::string x = DrawAsSample(DrawMlp(part, options, h.value, graph), part.output, graph);
  DeclareOutput("reconstruction", part.output, x, graph);
  return GraphFlow{.value = x};
}

PRETEXT_REGISTER_EXPORT(MlpDecoder, "onnx", DrawMlpDecoder);

}  // namespace
}  // namespace pretext
