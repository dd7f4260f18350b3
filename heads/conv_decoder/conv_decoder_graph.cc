// ConvDecoder as a graph.
#include "absl/strings/str_cat.h"
#include "core/layers/activation_config.h"
#include "core/plugin/export_layers.h"
#include "heads/conv_decoder/conv_decoder.h"
#include "heads/conv_decoder/conv_decoder.pb.h"

namespace pretext {
namespace {

// The transposed convolution of a layer, with its normalisation folded in.
std::string DrawTransposed(const TrainedPart& part, const ConvDecoder& config, int i,
                           const FlowType& from, const FlowType& to, const std::string& x,
                           GraphBuilder& graph) {
  const std::string layer = absl::StrCat("conv", i), norm = absl::StrCat("norm", i);
  FoldedWeights weights{part[layer + ".weight"], part.Find(layer + ".bias")};
  if (part.Find(norm + ".weight").defined()) {
    weights = FoldBatchNorm(weights.weight, weights.bias,
                            part.BatchNorm(norm, config.norm_epsilon()), /*axis=*/1);
  }
  // What the smallest size that the convolution could have come from lacks of this one.
  const auto added = [&](int64_t in, int64_t out) {
    return out - ((in - 1) * config.stride() + config.kernel() - 2 * config.padding());
  };
  const std::string full = absl::StrCat(part.name, ".", layer);
  return graph.Node("ConvTranspose",
                    {x, graph.Constant(full + ".weight", weights.weight),
                     graph.Constant(full + ".bias", weights.bias)},
                    {{"kernel_shape", std::vector<int64_t>(2, config.kernel())},
                     {"strides", std::vector<int64_t>(2, config.stride())},
                     {"pads", std::vector<int64_t>(4, config.padding())},
                     {"output_padding", std::vector<int64_t>{added(from.height, to.height),
                                                             added(from.width, to.width)}}});
}

absl::StatusOr<GraphFlow> DrawConvDecoder(const TrainedPart& part, const GraphFlow& h,
                                          GraphBuilder& graph) {
  const auto& config = static_cast<const ConvDecoder&>(*part.config);
  const std::vector<FlowType> images = ConvDecoderHead::ImagesOf(config, part.output);
  const Activation activation = ToActivation(config.activation());
  std::string x = DrawAsSample(DrawLinear(part, "code", h.value, Activation::kIdentity, graph),
                               images.front(), graph);
  if (config.batch_norm()) {
    const GraphBatchNorm norm = part.BatchNorm("norm", config.norm_epsilon());
    const std::string full = absl::StrCat(part.name, ".norm");
    x = graph.Node("BatchNormalization",
                   {x, graph.Constant(full + ".weight", norm.scale),
                    graph.Constant(full + ".bias", norm.shift),
                    graph.Constant(full + ".running_mean", norm.mean),
                    graph.Constant(full + ".running_var", norm.variance)},
                   {{"epsilon", norm.epsilon}});
  }
  x = graph.Activate(x, activation);
  for (int i = 0; i < config.channels_size(); ++i) {
    const bool last = i + 1 == config.channels_size();
    x = DrawTransposed(part, config, i, images[i], images[i + 1], x, graph);
    x = graph.Activate(x, last ? ToActivation(config.output_activation()) : activation);
  }
  DeclareOutput("reconstruction", part.output, x, graph);
  return GraphFlow{.value = x};
}

PRETEXT_REGISTER_EXPORT(ConvDecoder, "onnx", DrawConvDecoder);

}  // namespace
}  // namespace pretext
