#include "core/layers/transformer.h"

#include "absl/strings/str_cat.h"

namespace pretext {
namespace {

// The dropout layers of a layer, in the order of their numbers.
enum DropoutOf : uint32_t { kAttention, kAttentionOut, kFeedForward, kDropoutsALayer };

}  // namespace

TransformerLayers::TransformerLayers(ParameterSet& set, const TransformerOptions& options)
    : pre_norm_(options.pre_norm) {
  for (int64_t i = 0; i < options.layers; ++i) layers_.push_back(Declare(set, options, i));
  if (pre_norm_)
    final_norm_ = LayerNormLayer::Declare(set, "final_norm", options.width, options.epsilon);
}

TransformerLayers::Layer TransformerLayers::Declare(ParameterSet& set,
                                                    const TransformerOptions& options,
                                                    int64_t number) const {
  const std::string prefix = absl::StrCat("layers.", number, ".");
  const auto linear = [&](const char* name, int64_t in, int64_t out, Parameter** weight,
                          Parameter** bias) {
    const std::string full = absl::StrCat(prefix, name);
    *weight = set.Add(full + ".weight", Role::kWeight, {out, in},
                      Initializer::TruncatedNormal(options.initial_deviation));
    *bias = set.Add(full + ".bias", Role::kBias, {out}, Initializer::Constant(0));
  };
  const auto norm = [&](const char* name) {
    return LayerNormLayer::Declare(set, prefix + name, options.width, options.epsilon);
  };
  const uint32_t first_dropout =
      options.first_dropout_layer + kDropoutsALayer * static_cast<uint32_t>(number);
  const int64_t width = options.width, hidden = options.feed_forward;
  Layer layer;
  linear("attention.in", width, 3 * width, &layer.attention.weight, &layer.attention.bias);
  layer.attention.heads = options.heads;
  layer.attention.dropout = {options.attention_dropout, first_dropout + kAttention};
  linear("attention.out", width, width, &layer.attention_out.weight, &layer.attention_out.bias);
  layer.attention_out.dropout = {options.dropout, first_dropout + kAttentionOut};
  (pre_norm_ ? layer.attention_norm : layer.attention_out.norm) = norm("attention_norm");
  PositionWiseLayer& ff = layer.feed_forward;
  linear("feed_forward.in", width, hidden, &ff.hidden_weight, &ff.hidden_bias);
  ff.activation = options.activation;
  linear("feed_forward.out", hidden, width, &ff.weight, &ff.bias);
  ff.dropout = {options.dropout, first_dropout + kFeedForward};
  (pre_norm_ ? layer.feed_forward_norm : ff.norm) = norm("feed_forward_norm");
  return layer;
}

Var TransformerLayers::Run(Tape& tape, const Layer& layer, Var x, const TokenBatch& tokens,
                           const Tensor& rows, const ForwardContext& context) const {
  const Var in = pre_norm_ ? LayerNorm(tape, x, layer.attention_norm) : x;
  const Var attended = layer.attention(tape, in, tokens, rows, context);
  const Var residual = rows.defined() ? Rows(tape, x, rows) : x;
  x = layer.attention_out(tape, attended, residual, tokens.tokens, rows, context);
  const Var middle = pre_norm_ ? LayerNorm(tape, x, layer.feed_forward_norm) : x;
  return layer.feed_forward(tape, middle, x, tokens.tokens, rows, context);
}

Var TransformerLayers::Forward(Tape& tape, Var x, const TokenBatch& tokens, const Tensor& rows,
                               const ForwardContext& context) const {
  for (size_t i = 0; i < layers_.size(); ++i)
    x = Run(tape, layers_[i], x, tokens, i + 1 == layers_.size() ? rows : Tensor(), context);
  return pre_norm_ ? LayerNorm(tape, x, final_norm_) : x;
}

}  // namespace pretext
