// LinearHead as a graph.
#include "core/plugin/export_layers.h"
#include "heads/linear/linear.pb.h"

namespace pretext {
namespace {

absl::StatusOr<GraphFlow> DrawLinearHead(const TrainedPart& part, const GraphFlow& h,
                                         GraphBuilder& graph) {
  const std::string z = DrawLinear(part, "0", h.value, Activation::kIdentity, graph);
  DeclareOutput("projection", part.output, z, graph);
  return GraphFlow{.value = z};
}

PRETEXT_REGISTER_EXPORT(LinearHead, "onnx", DrawLinearHead);

}  // namespace
}  // namespace pretext
