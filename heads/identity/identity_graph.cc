// IdentityHead as a graph: z is h.
#include "core/plugin/export_layers.h"
#include "heads/identity/identity.pb.h"

namespace pretext {
namespace {

absl::StatusOr<GraphFlow> DrawIdentity(const TrainedPart&, const GraphFlow& h, GraphBuilder&) {
  return h;
}

PRETEXT_REGISTER_EXPORT(IdentityHead, "onnx", DrawIdentity);

}  // namespace
}  // namespace pretext
