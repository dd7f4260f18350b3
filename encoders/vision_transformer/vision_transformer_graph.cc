// VisionTransformer as a graph, of pictures of its own size.
#include "absl/strings/str_cat.h"
#include "core/layers/activation_config.h"
#include "core/plugin/export_layers.h"
#include "encoders/vision_transformer/trained_positions.h"
#include "encoders/vision_transformer/vision_transformer.pb.h"

namespace pretext {
namespace {

class Drawing {
 public:
  Drawing(const TrainedPart& part, GraphBuilder& graph)
      : part_(part),
        config_(static_cast<const VisionTransformer&>(*part.config)),
        patches_(PatchGridOf(part).patches()),
        graph_(graph) {}

  // The patches' rows [batch, c + L, D]. Where a class token stands before them, the first patch is
  // taken twice and made 0 once: the token lies in what is added.
  std::string Tokens(const std::string& pixels) {
    const std::string name = Name("patch_embed.proj");
    std::string x = graph_.Conv(pixels, name, part_["patch_embed.proj.weight"],
                                part_["patch_embed.proj.bias"], config_.patch(), 0);
    x = graph_.Node("Reshape", {x, graph_.Wholes({0, config_.width(), patches_})});
    x = graph_.Node("Transpose", {x}, {{"perm", std::vector<int64_t>{0, 2, 1}}});
    Tensor added = TrainedPositions(part_).Clone();
    if (config_.class_token()) {
      std::vector<int64_t> rows = {0};
      for (int64_t p = 0; p < patches_; ++p) rows.push_back(p);
      Tensor kept = Tensor::Full({1 + patches_, 1}, 1);
      kept.data()[0] = 0;
      x = graph_.Node("Gather", {x, graph_.Wholes(rows)}, {{"axis", int64_t{1}}});
      x = graph_.Node("Mul", {x, graph_.Constant(Name("patches"), kept)});
      const Tensor token = part_["cls_token"];
      for (int64_t c = 0; c < config_.width(); ++c) added.data()[c] += token.data()[c];
    }
    return graph_.Node("Add", {x, graph_.Constant(Name("positions"), added)});
  }

  std::string Layer(int64_t number, const std::string& x) {
    const std::string at = absl::StrCat("blocks.", number, ".");
    const std::string attended = DrawSelfAttention(
        part_, {at + "attn", "qkv", "proj"}, config_.heads(), "", Norm(at + "norm1", x), graph_);
    const std::string y = graph_.Node("Add", {x, Scaled(at + "ls1.gamma", attended)});
    const std::string hidden = DrawLinear(part_, at + "mlp.fc1", Norm(at + "norm2", y),
                                          ToActivation(config_.activation()), graph_);
    const std::string fed =
        DrawLinear(part_, at + "mlp.fc2", hidden, Activation::kIdentity, graph_);
    return graph_.Node("Add", {y, Scaled(at + "ls2.gamma", fed)});
  }

  std::string Norm(const std::string& name, const std::string& x) {
    return graph_.LayerNorm(x, Name(name), part_[name + ".weight"], part_[name + ".bias"],
                            config_.epsilon());
  }

  std::string Pool(const std::string& h) {
    if (config_.pooling() == VisionTransformer::CLS)
      return graph_.Node("Gather", {h, graph_.Whole(0)}, {{"axis", int64_t{1}}});
    std::vector<int64_t> rows;
    for (int64_t p = 0; p < patches_; ++p) rows.push_back(p + (config_.class_token() ? 1 : 0));
    const std::string patches =
        graph_.Node("Gather", {h, graph_.Wholes(rows)}, {{"axis", int64_t{1}}});
    const std::string sum =
        graph_.Node("ReduceSum", {patches, graph_.Wholes({1})}, {{"keepdims", int64_t{0}}});
    return graph_.Node("Mul", {sum, graph_.Scalar(1.0f / static_cast<float>(patches_))});
  }

 private:
  std::string Name(const std::string& of) const { return absl::StrCat(part_.name, ".", of); }
  std::string Scaled(const std::string& name, const std::string& x) {
    const Tensor scale = part_.Find(name);
    return scale.defined() ? graph_.Node("Mul", {x, graph_.Constant(Name(name), scale)}) : x;
  }

  const TrainedPart& part_;
  const VisionTransformer& config_;
  const int64_t patches_;
  GraphBuilder& graph_;
};

absl::StatusOr<GraphFlow> DrawVisionTransformer(const TrainedPart& part, const GraphFlow&,
                                                GraphBuilder& graph) {
  const auto& config = static_cast<const VisionTransformer&>(*part.config);
  Drawing draw(part, graph);
  std::string h = draw.Tokens(DeclareInput(part.input, false, graph).value);
  for (int64_t i = 0; i < config.layers(); ++i) h = draw.Layer(i, h);
  h = draw.Norm("norm", h);
  const std::string pooled = draw.Pool(h);
  DeclareOutput("features", FlowType::Vector(config.width()), pooled, graph);
  return GraphFlow{.value = config.pooled() ? pooled : h};
}

PRETEXT_REGISTER_EXPORT(VisionTransformer, "onnx", DrawVisionTransformer);

}  // namespace
}  // namespace pretext
