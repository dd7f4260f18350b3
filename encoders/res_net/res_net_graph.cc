// ResNet as a graph, each batch normalisation folded into its convolution.
#include "absl/strings/str_cat.h"
#include "core/plugin/export_layers.h"
#include "encoders/res_net/res_net.pb.h"
#include "encoders/res_net/res_net_blocks.h"

namespace pretext {
namespace {

class Drawing {
 public:
  Drawing(const TrainedPart& part, GraphBuilder& graph)
      : part_(part),
        epsilon_(static_cast<const ResNet&>(*part.config).norm_epsilon()),
        graph_(graph) {}

  std::string ConvNorm(const std::string& conv, const std::string& norm, int64_t stride,
                       int64_t padding, const std::string& x) {
    const FoldedWeights folded =
        FoldBatchNorm(part_[conv + ".weight"], Tensor(), part_.BatchNorm(norm, epsilon_));
    return graph_.Conv(x, absl::StrCat(part_.name, ".", conv), folded.weight, folded.bias, stride,
                       padding);
  }

  std::string Block(const ResNetBlock& block, const std::string& x) {
    std::string y = x;
    for (size_t i = 0; i < block.kernels.size(); ++i) {
      if (i > 0) y = Relu(y);
      const int64_t stride = i == block.strided ? block.stride : 1;
      y = ConvNorm(absl::StrCat(block.name, ".conv", i + 1), absl::StrCat(block.name, ".bn", i + 1),
                   stride, block.kernels[i] / 2, y);
    }
    const std::string shortcut = block.shortcut
                                     ? ConvNorm(block.name + ".downsample.0",
                                                block.name + ".downsample.1", block.stride, 0, x)
                                     : x;
    return Relu(graph_.Node("Add", {y, shortcut}));
  }

  std::string Relu(const std::string& x) { return graph_.Node("Relu", {x}); }

 private:
  const TrainedPart& part_;
  const float epsilon_;
  GraphBuilder& graph_;
};

absl::StatusOr<GraphFlow> DrawResNet(const TrainedPart& part, const GraphFlow&,
                                     GraphBuilder& graph) {
  const auto& config = static_cast<const ResNet&>(*part.config);
  Drawing draw(part, graph);
  std::string x = DeclareInput(part.input, /*segments=*/false, graph).value;
  const bool imagenet = HasImageNetStem(part);
  x = draw.Relu(draw.ConvNorm("conv1", "bn1", imagenet ? 2 : 1, imagenet ? 3 : 1, x));
  if (imagenet) {
    x = graph.Node("MaxPool", {x},
                   {{"kernel_shape", std::vector<int64_t>{3, 3}},
                    {"strides", std::vector<int64_t>{2, 2}},
                    {"pads", std::vector<int64_t>(4, 1)}});
  }
  for (const ResNetBlock& block : BlocksOf(config)) x = draw.Block(block, x);
  x = DrawFlatten(graph.Node("GlobalAveragePool", {x}), graph);
  DeclareOutput("features", part.output, x, graph);
  return GraphFlow{.value = x};
}

PRETEXT_REGISTER_EXPORT(ResNet, "onnx", DrawResNet);

}  // namespace
}  // namespace pretext
