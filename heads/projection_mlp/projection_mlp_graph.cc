// ProjectionMlp as a graph.
#include "core/plugin/export_layers.h"
#include "heads/projection_mlp/projection_mlp.h"
#include "heads/projection_mlp/projection_mlp.pb.h"

namespace pretext {
namespace {

absl::StatusOr<GraphFlow> DrawProjectionMlp(const TrainedPart& part, const GraphFlow& h,
                                            GraphBuilder& graph) {
  const MlpOptions options = ProjectionMlpHead::OptionsOf(
      static_cast<const ProjectionMlp&>(*part.config), part.input.features);
  const std::string z = DrawMlp(part, options, h.value, graph);
  DeclareOutput("projection", part.output, z, graph);
  return GraphFlow{.value = z};
}

PRETEXT_REGISTER_EXPORT(ProjectionMlp, "onnx", DrawProjectionMlp);

}  // namespace
}  // namespace pretext
