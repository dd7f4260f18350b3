#include "core/mlp_layers.h"

#include <utility>

#include "core/check.h"

namespace pretext {

MlpLayers::MlpLayers(ParameterSet& set, MlpOptions options) : options_(std::move(options)) {
  PRETEXT_CHECK(options_.widths.size() >= 2, "an MLP has an input and an output width");
  for (size_t i = 0; i + 1 < options_.widths.size(); ++i) {
    layers_.push_back(
        LinearLayer::Declare(set, std::to_string(i), options_.widths[i], options_.widths[i + 1]));
  }
}

Var MlpLayers::Forward(Tape& tape, Var x, const ForwardContext& context) const {
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (i + 1 == layers_.size()) return layers_[i](tape, x, options_.output_activation);
    x = layers_[i](tape, x, options_.activation);
    x = Dropout(tape, x, options_.dropout, context,
                options_.first_dropout_layer + static_cast<uint32_t>(i));
  }
  return x;
}

}  // namespace pretext
