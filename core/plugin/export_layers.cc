#include "core/plugin/export_layers.h"

#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"

namespace pretext {
namespace {

std::vector<std::string> Axes(const FlowType& type) {
  using Kind = FlowType::Kind;
  if (type.is(Kind::kImage)) {
    return {"batch", absl::StrCat(type.channels), absl::StrCat(type.height),
            absl::StrCat(type.width)};
  }
  if (type.is(Kind::kTokens)) return {"batch", "sequence"};
  if (type.is(Kind::kSequence)) return {"batch", "sequence", absl::StrCat(type.features)};
  if (type.is(Kind::kTokenScores)) return {"batch", "sequence", absl::StrCat(type.vocabulary)};
  return {"batch", absl::StrCat(type.features)};
}

}  // namespace

GraphFlow DeclareInput(const FlowType& input, bool segments, GraphBuilder& graph) {
  using Kind = FlowType::Kind;
  if (!input.is(Kind::kTokens)) {
    const char* const name = input.is(Kind::kImage) ? "pixel_values" : "values";
    return {.value = graph.Input({.name = name, .axes = Axes(input)})};
  }
  const auto whole = [&](const char* name) {
    return graph.Input({.name = name, .whole = true, .axes = Axes(input)});
  };
  GraphFlow flow;
  flow.value = whole("input_ids");
  constexpr int64_t kFloat = 1;  // TensorProto.DataType
  flow.mask = graph.Node("Cast", {whole("attention_mask")}, {{"to", kFloat}});
  if (segments) whole("token_type_ids");
  return flow;
}

void DeclareOutput(const std::string& name, const FlowType& type, const std::string& value,
                   GraphBuilder& graph) {
  graph.Output({.name = name, .axes = Axes(type)}, value);
}

std::string DrawFlatten(const std::string& x, GraphBuilder& graph) {
  return graph.Node("Flatten", {x}, {{"axis", int64_t{1}}});
}

std::string DrawAsSample(const std::string& x, const FlowType& type, GraphBuilder& graph) {
  if (!type.is(FlowType::Kind::kImage)) return x;
  return graph.Node("Reshape", {x, graph.Wholes({-1, type.channels, type.height, type.width})});
}

std::string DrawLinear(const TrainedPart& part, const std::string& name, const std::string& x,
                       Activation activation, GraphBuilder& graph) {
  return graph.Activate(graph.Linear(x, absl::StrCat(part.name, ".", name), part[name + ".weight"],
                                     part.Find(name + ".bias")),
                        activation);
}

std::string DrawSelfAttention(const TrainedPart& part, const AttentionNames& names, int64_t heads,
                              const std::string& bias, const std::string& x, GraphBuilder& graph) {
  const std::string at = names.name + ".";
  const Tensor weight = part[at + names.in + ".weight"], shift = part[at + names.in + ".bias"];
  const int64_t width = weight.dim(1);
  int64_t block = 0;
  const auto project = [&](const char* what, const std::vector<int64_t>& order) {
    const int64_t begin = width * block++;
    const std::string y =
        graph.Linear(x, absl::StrCat(part.name, ".", at, what), weight.Rows(begin, begin + width),
                     shift.Rows(begin, begin + width));
    const std::string parts =
        graph.Node("Reshape", {y, graph.Wholes({0, 0, heads, width / heads})});
    return graph.Node("Transpose", {parts}, {{"perm", order}});
  };
  const std::string q = project("query", {0, 2, 1, 3}), k = project("key", {0, 2, 3, 1}),
                    v = project("value", {0, 2, 1, 3});
  const double scale = 1 / std::sqrt(static_cast<double>(width / heads));
  std::string scores =
      graph.Node("Mul", {graph.Node("MatMul", {q, k}), graph.Scalar(static_cast<float>(scale))});
  if (!bias.empty()) scores = graph.Node("Add", {scores, bias});
  const std::string probabilities = graph.Node("Softmax", {scores}, {{"axis", int64_t{-1}}});
  const std::string mixed = graph.Node("Transpose", {graph.Node("MatMul", {probabilities, v})},
                                       {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
  return DrawLinear(part, at + names.out,
                    graph.Node("Reshape", {mixed, graph.Wholes({0, 0, width})}),
                    Activation::kIdentity, graph);
}

std::string DrawMlp(const TrainedPart& part, const MlpOptions& options, const std::string& x,
                    GraphBuilder& graph) {
  std::string y = x;
  for (size_t i = 0; i + 1 < options.widths.size(); ++i) {
    const bool last = i + 2 == options.widths.size();
    const Activation activation = last ? options.output_activation : options.activation;
    const MlpNormalization output_norm =
        options.output_batch_norm ? MlpNormalization::kBatch : MlpNormalization::kNone;
    const MlpNormalization norm = last ? output_norm : options.normalization;
    const std::string layer = absl::StrCat(i), norm_name = layer + ".norm";
    const std::string full = absl::StrCat(part.name, ".", layer);
    Tensor weight = part[layer + ".weight"], bias = part.Find(layer + ".bias");
    if (norm == MlpNormalization::kBatch) {
      const FoldedWeights folded =
          FoldBatchNorm(weight, bias, part.BatchNorm(norm_name, options.norm_epsilon));
      weight = folded.weight;
      bias = folded.bias;
    }
    y = graph.Linear(y, full, weight, bias);
    if (norm == MlpNormalization::kLayer) {
      y = graph.LayerNorm(y, full + ".norm", part[norm_name + ".weight"], part[norm_name + ".bias"],
                          options.norm_epsilon);
    }
    y = graph.Activate(y, activation);
  }
  return y;
}

}  // namespace pretext
