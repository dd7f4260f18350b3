// How to walk a tensor channel by channel: for kernels that treat each channel with its own numbers
// (bias, batch normalisation, pooling) in whatever order the convolution left it.
//
// A sample is a row of blocks of `lanes` channels; a block is a row of positions; a position holds
// its block's channels side by side:
//
//   element (sample, channel, position) = data[sample · sample_stride
//                                              + channel / lanes · block_stride
//                                              + position · position_stride
//                                              + channel % lanes]
//
// Blocked images: lanes 16 or 8, with a padded last block. Row-major images: lanes 1. Channels
// last, and matrices R×D: the blocks overlap the same rows, the last one is narrower. A matrix is
// one sample of R positions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "kernels/layout/layout.h"

namespace pretext {

struct ChannelOrder {
  int64_t samples = 0;
  int64_t channels = 0;
  int64_t positions = 0;
  int64_t lanes = 16;
  int64_t sample_stride = 0;
  int64_t block_stride = 0;
  int64_t position_stride = 0;

  // False for what ChannelOrderOf found to be in none of these orders.
  bool valid() const { return samples > 0; }
  int64_t blocks() const { return (channels + lanes - 1) / lanes; }
  // Channels of a block, without the padding.
  int64_t width(int64_t block) const { return std::min(lanes, channels - block * lanes); }
  // Whether the last block has all its lanes in memory, padding included.
  bool padded() const { return position_stride == lanes; }
  // Numbers of one channel: those of all samples and positions.
  int64_t count() const { return samples * positions; }
};

// Of `rows` rows of a tensor that has this layout and these dimensions ([N, C, H, W] or [R, D]);
// dims[0] >= rows.
ChannelOrder ChannelOrderOf(const Layout& layout, const int64_t* dims, int rank, int64_t rows);

// For what a kernel that walks by ChannelOrder makes of an image in `layout`: that of an image of
// this size with the same blocks, nesting of dimensions and type of numbers. Channels last where
// `layout` is plain.
Layout SameOrder(const Layout& layout, int64_t n, int64_t channels, int64_t height, int64_t width);

// The order N, H, W, C of an image tensor's dimensions N, C, H, W; not padded. float32 or bfloat16.
Layout ChannelsLast(int64_t n, int64_t channels, int64_t height, int64_t width,
                    bool bfloat16 = false);

// T again, for a parameter that may be null and so does not say what T is.
template <class T>
using Of = std::type_identity_t<T>;

}  // namespace pretext
