// Transformer as a graph: free numbers of sequences and of tokens, padding told by a mask.
#include "absl/strings/str_cat.h"
#include "core/layers/activation_config.h"
#include "core/plugin/export_layers.h"
#include "encoders/transformer/transformer.pb.h"

namespace pretext {
namespace {

class Drawing {
 public:
  Drawing(const TrainedPart& part, GraphBuilder& graph)
      : part_(part), config_(static_cast<const Transformer&>(*part.config)), graph_(graph) {}

  std::string Embeddings(const GraphFlow& in) {
    std::string x = graph_.Node("Gather", {Table("token_embedding"), in.value});
    const std::string shape = graph_.Node("Shape", {in.value});
    const std::string tokens = graph_.Node("Gather", {shape, graph_.Wholes({1})});
    const std::string positions = graph_.Node(
        "Slice", {Table("position_embedding"), graph_.Wholes({0}), tokens, graph_.Wholes({0})});
    x = graph_.Node("Add", {x, positions});
    if (config_.segments() > 0) {
      x = graph_.Node("Add",
                      {x, graph_.Node("Gather", {Table("segment_embedding"), "token_type_ids"})});
    }
    return pre() ? x : Norm("embedding_norm", x);
  }

  // What is added to scores: 0, and a number that leaves nothing of padding.
  std::string Bias(const std::string& mask) {
    const std::string wide = graph_.Node("Unsqueeze", {mask, graph_.Wholes({1, 2})});
    return graph_.Node("Mul", {graph_.Node("Sub", {wide, graph_.Scalar(1)}), graph_.Scalar(1e9f)});
  }

  std::string Layer(int64_t number, const std::string& bias, const std::string& x) {
    const std::string layer = absl::StrCat("layers.", number, ".");
    const std::string attended =
        DrawSelfAttention(part_, {layer + "attention", "in", "out"}, config_.heads(), bias,
                          pre() ? Norm(layer + "attention_norm", x) : x, graph_);
    std::string y = graph_.Node("Add", {x, attended});
    if (!pre()) y = Norm(layer + "attention_norm", y);
    const std::string in = pre() ? Norm(layer + "feed_forward_norm", y) : y;
    const std::string hidden = DrawLinear(part_, layer + "feed_forward.in", in,
                                          ToActivation(config_.activation()), graph_);
    y = graph_.Node("Add", {y, Linear(layer + "feed_forward.out", hidden)});
    return pre() ? y : Norm(layer + "feed_forward_norm", y);
  }

  std::string Pool(const std::string& h, const std::string& mask) {
    if (config_.pooling() == Transformer::CLS)
      return graph_.Node("Gather", {h, graph_.Whole(0)}, {{"axis", int64_t{1}}});
    const std::string wide = graph_.Node("Unsqueeze", {mask, graph_.Wholes({2})});
    const auto sum = [&](const std::string& x) {
      return graph_.Node("ReduceSum", {x, graph_.Wholes({1})}, {{"keepdims", int64_t{0}}});
    };
    return graph_.Node("Div", {sum(graph_.Node("Mul", {h, wide})),
                               graph_.Node("Max", {sum(wide), graph_.Scalar(1)})});
  }

  std::string Norm(const std::string& name, const std::string& x) {
    return graph_.LayerNorm(x, absl::StrCat(part_.name, ".", name), part_[name + ".weight"],
                            part_[name + ".bias"], config_.epsilon());
  }
  bool pre() const { return config_.normalization() == Transformer::PRE; }

 private:
  std::string Table(const char* name) {
    return graph_.Constant(absl::StrCat(part_.name, ".", name), part_[name]);
  }
  std::string Linear(const std::string& name, const std::string& x) {
    return DrawLinear(part_, name, x, Activation::kIdentity, graph_);
  }

  const TrainedPart& part_;
  const Transformer& config_;
  GraphBuilder& graph_;
};

absl::StatusOr<GraphFlow> DrawTransformer(const TrainedPart& part, const GraphFlow&,
                                          GraphBuilder& graph) {
  const auto& config = static_cast<const Transformer&>(*part.config);
  Drawing draw(part, graph);
  const GraphFlow in = DeclareInput(part.input, config.segments() > 0, graph);
  std::string h = draw.Embeddings(in);
  const std::string bias = draw.Bias(in.mask);
  for (int64_t i = 0; i < config.layers(); ++i) h = draw.Layer(i, bias, h);
  if (draw.pre()) h = draw.Norm("final_norm", h);
  const std::string pooled = draw.Pool(h, in.mask);
  DeclareOutput("last_hidden_state", FlowType::Sequence(part.input.tokens, config.width()), h,
                graph);
  DeclareOutput("sentence_embedding", FlowType::Vector(config.width()), pooled, graph);
  return GraphFlow{.value = config.pooled() ? pooled : h, .mask = in.mask};
}

PRETEXT_REGISTER_EXPORT(Transformer, "onnx", DrawTransformer);

}  // namespace
}  // namespace pretext
