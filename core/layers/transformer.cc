#include "core/layers/transformer.h"

#include "absl/strings/str_cat.h"
#include "core/autograd/gradient_checkpoint.h"

namespace pretext {
namespace {

// The dropout layers of a layer, in the order of their numbers.
enum DropoutOf : uint32_t { kAttention, kAttentionOut, kFeedForward, kDropoutsALayer };

Initializer WeightsOf(const TransformerOptions& options, int64_t in, int64_t out) {
  return options.xavier ? Initializer::Xavier(in, out)
                        : Initializer::TruncatedNormal(options.initial_deviation);
}

// What becomes of sublayer `which` (0, 1) of a layer before it is added.
ResidualBranch BranchOf(ParameterSet& set, const TransformerOptions& options, int64_t layer,
                        uint32_t which, const std::string& scale) {
  ResidualBranch branch;
  if (options.layer_scale > 0) {
    branch.scale = set.Add(scale, Role::kNormScale, {options.width},
                           Initializer::Constant(options.layer_scale));
  }
  const auto layers = static_cast<uint32_t>(options.layers);
  if (layers > 1) {
    branch.drop_path = {
        options.drop_path * static_cast<float>(layer) / static_cast<float>(options.layers - 1),
        options.first_dropout_layer + kDropoutsALayer * layers + 2 * static_cast<uint32_t>(layer) +
            which};
  }
  return branch;
}

}  // namespace

TransformerLayers::TransformerLayers(ParameterSet& set, const TransformerOptions& options)
    : pre_norm_(options.pre_norm) {
  for (int64_t i = 0; i < options.layers; ++i) layers_.push_back(Declare(set, options, i));
  if (pre_norm_)
    final_norm_ =
        LayerNormLayer::Declare(set, options.names.final_norm, options.width, options.epsilon);
}

TransformerLayers::Layer TransformerLayers::Declare(ParameterSet& set,
                                                    const TransformerOptions& options,
                                                    int64_t number) const {
  const TransformerNames& names = options.names;
  const std::string prefix = absl::StrCat(names.layers, ".", number, ".");
  const auto linear = [&](const char* name, int64_t in, int64_t out, Parameter** weight,
                          Parameter** bias) {
    const std::string full = absl::StrCat(prefix, name);
    *weight = set.Add(full + ".weight", Role::kWeight, {out, in}, WeightsOf(options, in, out));
    *bias = set.Add(full + ".bias", Role::kBias, {out}, Initializer::Constant(0));
  };
  const auto norm = [&](const char* name) {
    return LayerNormLayer::Declare(set, prefix + name, options.width, options.epsilon);
  };
  const uint32_t first_dropout =
      options.first_dropout_layer + kDropoutsALayer * static_cast<uint32_t>(number);
  const int64_t width = options.width, hidden = options.feed_forward;
  Layer layer;
  linear(names.attention_in, width, 3 * width, &layer.attention.weight, &layer.attention.bias);
  layer.attention.heads = options.heads;
  layer.attention.dropout = {options.attention_dropout, first_dropout + kAttention};
  linear(names.attention_out, width, width, &layer.attention_out.weight, &layer.attention_out.bias);
  layer.attention_out.dropout = {options.dropout, first_dropout + kAttentionOut};
  (pre_norm_ ? layer.attention_norm : layer.attention_out.norm) = norm(names.attention_norm);
  PositionWiseLayer& ff = layer.feed_forward;
  linear(names.hidden, width, hidden, &ff.hidden_weight, &ff.hidden_bias);
  ff.activation = options.activation;
  linear(names.out, hidden, width, &ff.weight, &ff.bias);
  ff.dropout = {options.dropout, first_dropout + kFeedForward};
  (pre_norm_ ? layer.feed_forward_norm : ff.norm) = norm(names.norm);
  layer.attention_branch = BranchOf(set, options, number, 0, prefix + names.attention_scale);
  layer.feed_forward_branch = BranchOf(set, options, number, 1, prefix + names.scale);
  return layer;
}

Var TransformerLayers::Run(Tape& tape, const Layer& layer, Var x, const TokenBatch& tokens,
                           const Tensor& rows, const ForwardContext& context) const {
  // residual + map(in), with what stands between them.
  const auto add = [&](const PositionWiseLayer& map, const ResidualBranch& branch, Var in,
                       Var residual) {
    if (!branch.active(context)) return map(tape, in, residual, tokens.tokens, rows, context);
    const Var added = map(tape, in, Var(), tokens.tokens, rows, context);
    return branch(tape, added, residual, tokens.tokens, rows, context);
  };
  const Var in = pre_norm_ ? LayerNorm(tape, x, layer.attention_norm) : x;
  const Var attended = layer.attention(tape, in, tokens, rows, context);
  const Var residual = rows.defined() ? Rows(tape, x, rows) : x;
  x = add(layer.attention_out, layer.attention_branch, attended, residual);
  const Var middle = pre_norm_ ? LayerNorm(tape, x, layer.feed_forward_norm) : x;
  return add(layer.feed_forward, layer.feed_forward_branch, middle, x);
}

Var TransformerLayers::Forward(Tape& tape, Var x, const TokenBatch& tokens, const Tensor& rows,
                               const ForwardContext& context) const {
  for (const Layer& layer : layers_) {
    const Tensor read = &layer == &layers_.back() ? rows : Tensor();
    x = Checkpointed(tape, x, context,
                     [this, &layer, tokens, read](Tape& part, Var in, const ForwardContext& pass) {
                       return Run(part, layer, in, tokens, read, pass);
                     });
  }
  return pre_norm_ ? LayerNorm(tape, x, final_norm_) : x;
}

}  // namespace pretext
