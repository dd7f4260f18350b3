// In which numbers a pass through a model takes its products.
#pragma once

#include <cstdint>

namespace pretext {

// kBfloat16: activations and weights are rounded to bfloat16 (kernels/bfloat16) where they are
// multiplied, and images stay so from layer to layer. Sums are in float32, and so are the weights
// that the optimizer changes and their gradients, statistics, softmax and losses, of which some
// take their own products so (Prediction::precision).
enum class Precision : uint8_t { kFloat32, kBfloat16 };

}  // namespace pretext
