// Mlp as a graph.
#include "core/layers/activation_config.h"
#include "core/plugin/export_layers.h"
#include "encoders/mlp/mlp.h"
#include "encoders/mlp/mlp.pb.h"

namespace pretext {
namespace {

absl::StatusOr<GraphFlow> DrawMlpEncoder(const TrainedPart& part, const GraphFlow&,
                                         GraphBuilder& graph) {
  const GraphFlow in = DeclareInput(part.input, /*segments=*/false, graph);
  const std::string h =
      DrawMlp(part, MlpEncoder::OptionsOf(static_cast<const Mlp&>(*part.config), part.input.size()),
              DrawFlatten(in.value, graph), graph);
  DeclareOutput("features", part.output, h, graph);
  return GraphFlow{.value = h};
}

PRETEXT_REGISTER_EXPORT(Mlp, "onnx", DrawMlpEncoder);

}  // namespace
}  // namespace pretext
