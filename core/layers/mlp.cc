#include "core/layers/mlp.h"

#include <string>
#include <utility>

#include "base/check/check.h"

namespace pretext {

MlpLayers::MlpLayers(ParameterSet& set, MlpOptions options) : options_(std::move(options)) {
  PRETEXT_CHECK(options_.widths.size() >= 2, "an MLP has an input and an output width");
  for (size_t i = 0; i + 1 < options_.widths.size(); ++i) {
    const bool last = i + 2 == options_.widths.size();
    const MlpNormalization output_norm =
        options_.output_batch_norm ? MlpNormalization::kBatch : MlpNormalization::kNone;
    const MlpNormalization norm = last ? output_norm : options_.normalization;
    const std::string name = std::to_string(i), norm_name = name + ".norm";
    const int64_t in = options_.widths[i], out = options_.widths[i + 1];
    Layer layer;
    layer.linear =
        LinearLayer::Declare(set, name, in, out, /*with_bias=*/norm != MlpNormalization::kBatch);
    if (norm == MlpNormalization::kBatch) {
      layer.batch_norm =
          BatchNormLayer::Declare(set, norm_name, out, /*scale=*/1, /*with_shift=*/!last,
                                  /*with_scale=*/!last || options_.output_norm_scale);
      set.AddBatchStatistics(/*positions=*/1);
      layer.batch_norm.epsilon = options_.norm_epsilon;
      layer.batch_norm.momentum = options_.norm_momentum;
    } else if (norm == MlpNormalization::kLayer) {
      layer.layer_norm = LayerNormLayer::Declare(set, norm_name, out, options_.norm_epsilon);
    }
    layers_.push_back(layer);
  }
}

Var MlpLayers::Forward(Tape& tape, Var x, const ForwardContext& context) const {
  const auto activation_of = [&](size_t i) {
    return i + 1 == layers_.size() ? options_.output_activation : options_.activation;
  };
  if (options_.normalization == MlpNormalization::kNone && !options_.output_batch_norm &&
      (options_.dropout == 0 || !context.drops())) {
    std::vector<LinearMap> maps;
    for (size_t i = 0; i < layers_.size(); ++i)
      maps.push_back({layers_[i].linear.weight, layers_[i].linear.bias, activation_of(i)});
    return Linears(tape, x, maps);
  }
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const Activation activation = activation_of(i);
    if (layer.batch_norm.running_mean != nullptr) {
      x = BatchNorm(tape, layer.linear(tape, x), layer.batch_norm, context, activation);
    } else if (layer.layer_norm.scale != nullptr) {
      x = Activate(tape, LayerNorm(tape, layer.linear(tape, x), layer.layer_norm), activation);
    } else {
      x = layer.linear(tape, x, activation);
    }
    if (i + 1 == layers_.size()) break;
    x = Dropout(tape, x, options_.dropout, context,
                options_.first_dropout_layer + static_cast<uint32_t>(i));
  }
  return x;
}

}  // namespace pretext
