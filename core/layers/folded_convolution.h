// Convolutions of a trained network with their batch normalisations folded in, for evaluation in
// bfloat16 where the processor has matrix units:
//
//   y = f(x * (w · a) + b + r)      a = γ / √(σ² + ε),  b = β - μ a,  of the running statistics
//
// f is ReLU or nothing, r a residual or nothing. Images go from one to the next in the blocks that
// the matrix units take them in (kernels/conv/packed_conv.h), and nothing else passes over them.
// Beside BatchNorm of a convolution's result two roundings are left out (of the sum before it is
// normalised), and one is of w · a instead of w.
//
// What is folded are the parameters as they stand when it is made: made anew for each call, a
// training that goes on needs to tell nobody.
#pragma once

#include <cstdint>

#include "core/layers/convolution.h"
#include "core/tensor/tensor.h"
#include "kernels/conv/packed_conv.h"

namespace pretext {

// Images [N, C, H, W] in those blocks.
struct PackedImages {
  int64_t samples = 0, channels = 0, height = 0, width = 0;
  Tensor tiles;

  int64_t positions() const { return height * width; }

  // Of an image tensor in any layout, rounded if it is float32.
  static PackedImages Of(const Tensor& images);
  // The mean over the positions: [N, C], row-major float32.
  Tensor Average() const;
};

class FoldedConvolution {
 public:
  // Whether this processor has what it takes.
  static bool Available();
  // Whether that pays for this convolution: its channels fill a tile's side.
  static bool Suits(const ConvLayer& conv);

  // For images of height × width. The convolution has no bias of its own and one group.
  FoldedConvolution(const ConvLayer& conv, const BatchNormLayer& norm, int64_t height,
                    int64_t width, bool relu);

  int64_t out_height() const { return conv_.shape().out_height(); }
  int64_t out_width() const { return conv_.shape().out_width(); }

  PackedImages operator()(const PackedImages& x) const { return Run(x, {}); }
  // The result takes the residual's memory where nobody else holds it.
  PackedImages operator()(const PackedImages& x, PackedImages residual) const;

 private:
  PackedImages Run(const PackedImages& x, PackedImages residual) const;

  PackedConv conv_;
  bool relu_;
  Tensor weights_, bias_;
};

}  // namespace pretext
