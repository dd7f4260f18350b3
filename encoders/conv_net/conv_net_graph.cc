// ConvNet as a graph.
#include "absl/strings/str_cat.h"
#include "core/layers/activation_config.h"
#include "core/plugin/export_layers.h"
#include "encoders/conv_net/conv_net.h"
#include "encoders/conv_net/conv_net.pb.h"

namespace pretext {
namespace {

absl::StatusOr<GraphFlow> DrawConvNet(const TrainedPart& part, const GraphFlow&,
                                      GraphBuilder& graph) {
  const auto& config = static_cast<const ConvNet&>(*part.config);
  std::string x = DeclareInput(part.input, /*segments=*/false, graph).value;
  for (int i = 0; i < config.channels_size(); ++i) {
    const std::string layer = absl::StrCat("conv", i);
    FoldedWeights weights{part[layer + ".weight"], part.Find(layer + ".bias")};
    if (config.batch_norm()) {
      weights = FoldBatchNorm(weights.weight, weights.bias,
                              part.BatchNorm(absl::StrCat("norm", i), config.norm_epsilon()));
    }
    x = graph.Conv(x, absl::StrCat(part.name, ".", layer), weights.weight, weights.bias,
                   ConvNetEncoder::StrideOf(config, i), config.padding());
    x = graph.Activate(x, ToActivation(config.activation()));
  }
  if (config.average_pool()) x = graph.Node("GlobalAveragePool", {x});
  x = DrawFlatten(x, graph);
  if (config.code() != 0)
    x = DrawLinear(part, "code", x, ToActivation(config.code_activation()), graph);
  DeclareOutput("features", part.output, x, graph);
  return GraphFlow{.value = x};
}

PRETEXT_REGISTER_EXPORT(ConvNet, "onnx", DrawConvNet);

}  // namespace
}  // namespace pretext
