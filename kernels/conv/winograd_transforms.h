// The transforms of Winograd's F(4×4, 3×3) and of its gradient with respect to the weights,
// F(3×3, 4×4) (Lavin & Gray 2016): sums of products that turn a convolution into 36 matrix
// products. Internal to the package (winograd_conv.h).
//
//   V = Bᵀ d B    a 6×6 window d of the image, for each tile of 4×4 outputs
//   U = G w Gᵀ    the 3×3 weights
//   y = Aᵀ M A    a tile, from the products M = Σ_c V ⊙ U
//   Y = A dy Aᵀ   a tile of the gradient, for dU = Σ_tiles V ⊙ Y
//   dw = Gᵀ dU G
//
// Rows of Aᵀ are powers of the points at which polynomials are evaluated: 0, ±5/8, ±3/2, ∞. They
// and the numbers in Bᵀ are exact in float32; with 0, ±1, ±2, ∞, the textbook's, the largest is 8
// in place of 3.375 and errors are more than twice as large.
//
// Images' channels are taken 16 at a time. Tiles are numbered along rows, then columns, then
// samples; those at the lower and right edge may reach beyond it, where images count as zero and
// nothing is written.
#pragma once

#include <cstdint>

#include "kernels/layout/channel_order.h"

namespace pretext::conv_internal {

inline constexpr int64_t kWinogradPoints = 36, kWinogradTile = 4, kWinogradBlock = 16;

// A batch of images, as tiles of 4×4.
struct WinogradImages {
  int64_t height, width;
  ChannelOrder order;  // 16 channels are whole vectors of it

  int64_t down() const { return (height + kWinogradTile - 1) / kWinogradTile; }
  int64_t across() const { return (width + kWinogradTile - 1) / kWinogradTile; }
  int64_t tiles_of_sample() const { return down() * across(); }
};

// Where the 36 numbers ("points") of tiles are: strides from point to point and from tile to tile,
// 16 channels side by side.
struct WinogradPlace {
  float* data;
  int64_t point_stride, tile_stride;
};

// Of 16 channels from `channel` on, tiles [first, first + count), which come to `to` as its tiles
// 0, 1, …
void TransformWindows(const WinogradImages& images, const float* data, int64_t channel,
                      int64_t first, int64_t count, const WinogradPlace& to);
// The same of a gradient's tiles.
void TransformGradientTiles(const WinogradImages& images, const float* data, int64_t channel,
                            int64_t first, int64_t count, const WinogradPlace& to);
// Back: the images' tiles = the outputs, or += with accumulate.
void TransformBack(const WinogradPlace& from, int64_t first, int64_t count, bool accumulate,
                   const WinogradImages& images, int64_t channel, float* data);

// 3×3 weights of 16 channels in and 16 out: the numbers of in and out lie at these distances, the
// nine taps side by side, in reverse order where they are `turned`.
struct WinogradWeights {
  int64_t in_stride, out_stride;
  bool turned;
};
// `to` has a row of 16 out for each in.
void TransformWeights(const WinogradWeights& weights, const float* from, const WinogradPlace& to);
// The gradient's way back; weights += with accumulate.
void TransformWeightsBack(const WinogradPlace& from, const WinogradWeights& weights,
                          bool accumulate, float* to);

}  // namespace pretext::conv_internal
