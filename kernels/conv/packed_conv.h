// Convolutions in bfloat16 for evaluation, in the processor's matrix units (kernels/matrix_units),
// with what follows them in a trained network:
//
//   y[n, o, i, j] = f(Σ_{c, k, l} x[n, c, i·s + k - p, j·s + l - p] · w[o, c, k, l] · a[o]
//                     + b[o] + r[n, o, i, j])        f = ReLU or nothing, r a residual or nothing
//
// with x zero outside the image. A batch normalisation of running statistics is a and b:
// a = γ / √(σ² + ε), b = β - μ a. Products a · w are rounded to bfloat16, sums are float32, y is
// rounded once.
//
// Images lie in the blocks that tiles are loaded from, from one convolution to the next ("packed"):
//
//   packed[N / 32][H][W][C / 32][32 samples][32 channels]
//
// with zeros for channels beyond the last one; samples beyond the last one are neither read nor
// written. A tile's rows are samples at one position, as in tiled_conv.h, so that any size, stride
// and kernel fills it, and what a window reaches beyond the image is left out of the sum.
//
// A sample's bits depend neither on the samples beside it nor on the threads. NaN propagates.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/conv/conv.h"
#include "kernels/matrix_units/tiles.h"

namespace pretext {

// Elements of packed images; 64-byte aligned memory.
int64_t PackedSize(int64_t samples, int64_t channels, int64_t positions);

// From channels last.
void PackImages(int64_t samples, int64_t channels, int64_t positions, const Bfloat16* images,
                Bfloat16* packed);

// mean[n, c] over the positions, row-major.
void AverageOfPacked(int64_t samples, int64_t channels, int64_t positions, const Bfloat16* packed,
                     float* mean);

// All of this where HasTiles().
class PackedConv {
 public:
  // One group; shape.n does not matter.
  explicit PackedConv(const ConvShape& shape);

  const ConvShape& shape() const { return shape_; }
  // Elements of the prepared weights, 64-byte aligned, and of the bias: padded with zeros to whole
  // blocks.
  int64_t weight_elements() const;
  int64_t bias_elements() const { return out_blocks_ * kTileSide; }

  // weight [O, C, K, K] and factor a [O], row-major.
  void Prepare(const float* weight, const float* factor, Bfloat16* prepared) const;

  // y of `samples` packed images. residual: packed as y, or null; it may be y.
  void Run(int64_t samples, const Bfloat16* x, const Bfloat16* prepared, const float* bias,
           const Bfloat16* residual, bool relu, Bfloat16* y) const;

 private:
  // A position of the result: what its windows meet, panels [first, first + count).
  struct Place {
    int64_t first, count;
  };
  // What a thread does at once: blocks of samples, rows of the result, blocks of its channels.
  struct Unit {
    int64_t first_block, blocks, first_row, rows, first_out, outs;
  };
  struct Operands {
    int64_t samples;
    const Bfloat16 *x, *prepared;
    const float* bias;
    const Bfloat16* residual;
    bool relu;
    Bfloat16* y;
  };

  std::vector<Unit> Cut(int64_t samples) const;
  void RunUnit(const Unit& unit, const Operands& operands) const;

  ConvShape shape_;
  int64_t in_blocks_, out_blocks_;
  std::vector<TilePanel> panels_;
  std::vector<Place> places_;
};

}  // namespace pretext
