#include "exports/torchvision/residual_network.h"

#include "absl/strings/str_cat.h"

namespace pretext {
namespace {

constexpr float kEpsilon = 1e-5f;  // of torch.nn.BatchNorm2d

class Drawing {
 public:
  Drawing(ForeignFiles& files, GraphBuilder& graph) : files_(files), graph_(graph) {}

  std::string ConvNorm(const ConvNormNames& at, int64_t in, int64_t out, int64_t kernel,
                       int64_t stride, const std::string& x) {
    const std::string y =
        graph_.Conv(x, at.conv, files_.Take(at.conv + ".weight", {out, in, kernel, kernel}),
                    Tensor(), stride, kernel / 2);
    std::vector<std::string> inputs = {y};
    for (const char* name : {".weight", ".bias", ".running_mean", ".running_var"})
      inputs.push_back(graph_.Constant(at.norm + name, files_.Take(at.norm + name, {out})));
    files_.TakeCounter(at.norm + ".num_batches_tracked");
    return graph_.Node("BatchNormalization", inputs, {{"epsilon", kEpsilon}});
  }

  std::string Relu(const std::string& x) { return graph_.Node("Relu", {x}); }

 private:
  ForeignFiles& files_;
  GraphBuilder& graph_;
};

}  // namespace

Graph DrawResidualNetwork(ForeignFiles& files, const ResidualShape& shape,
                          const ResidualNames& names) {
  GraphBuilder graph;
  Drawing draw(files, graph);
  std::string x = graph.Input(
      {.name = "pixel_values", .axes = {"batch", absl::StrCat(shape.channels), "height", "width"}});
  const int64_t stem_kernel = shape.imagenet_stem ? 7 : 3;
  x = draw.Relu(draw.ConvNorm(names.Stem(), shape.channels, shape.stem, stem_kernel,
                              shape.imagenet_stem ? 2 : 1, x));
  if (shape.imagenet_stem) {
    x = graph.Node("MaxPool", {x},
                   {{"kernel_shape", std::vector<int64_t>{3, 3}},
                    {"strides", std::vector<int64_t>{2, 2}},
                    {"pads", std::vector<int64_t>{1, 1, 1, 1}}});
  }
  int64_t in = shape.stem;
  for (int64_t stage = 0; stage < static_cast<int64_t>(shape.sizes.size()); ++stage) {
    const int64_t out = shape.sizes[stage];
    for (int64_t block = 0; block < shape.depths[stage]; ++block) {
      const int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      std::string y = x;
      if (shape.bottleneck) {
        y = draw.Relu(draw.ConvNorm(names.Path(stage, block, 0), in, out / 4, 1, 1, y));
        y = draw.Relu(draw.ConvNorm(names.Path(stage, block, 1), out / 4, out / 4, 3, stride, y));
        y = draw.ConvNorm(names.Path(stage, block, 2), out / 4, out, 1, 1, y);
      } else {
        y = draw.Relu(draw.ConvNorm(names.Path(stage, block, 0), in, out, 3, stride, y));
        y = draw.ConvNorm(names.Path(stage, block, 1), out, out, 3, 1, y);
      }
      if (in != out || stride != 1)
        x = draw.ConvNorm(names.Shortcut(stage, block), in, out, 1, stride, x);
      x = draw.Relu(graph.Node("Add", {y, x}));
      in = out;
    }
  }
  x = graph.Node("Flatten", {graph.Node("GlobalAveragePool", {x})}, {{"axis", int64_t{1}}});
  graph.Output({.name = "features", .axes = {"batch", absl::StrCat(in)}}, x);
  return graph.Take();
}

}  // namespace pretext
