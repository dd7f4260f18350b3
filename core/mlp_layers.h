// A stack of linear layers with an activation (and dropout) after all but the last: what the MLP
// encoder and the MLP decoder share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/forward_context.h"
#include "core/linear_layer.h"

namespace pretext {

struct MlpOptions {
  std::vector<int64_t> widths;                // input, hidden ..., output: at least two
  Activation activation = Activation::kRelu;  // after every hidden layer
  Activation output_activation = Activation::kIdentity;
  float dropout = 0;                 // after every hidden activation
  uint32_t first_dropout_layer = 0;  // numbers the masks' streams
};

class MlpLayers {
 public:
  MlpLayers() = default;
  // Declares "0.weight", "0.bias", "1.weight" ... in `set`.
  MlpLayers(ParameterSet& set, MlpOptions options);

  // x [R, widths.front()] -> [R, widths.back()]
  Var Forward(Tape& tape, Var x, const ForwardContext& context) const;

 private:
  MlpOptions options_;
  std::vector<LinearLayer> layers_;
};

}  // namespace pretext
