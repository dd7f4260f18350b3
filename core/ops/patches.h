// Between pictures and the rows of a transformer. N pictures [N, C, H, W] of L = (H / P)(W / P)
// patches of P×P pixels, numbered by rows; D features.
#pragma once

#include <cstdint>

#include "core/autograd/autograd.h"

namespace pretext {

// Patches as rows [M, C·P·P], each in the order (channel, row, column): what a convolution of
// stride P reads. which: [M] int32, n·L + patch, all different; undefined: all. P divides H and W.
Var PatchRows(Tape& tape, Var x, int64_t patch, const Tensor& which);

// The patches that are not masked, [N·L - M] int32, ascending. masked: [M] int32, n·L + patch,
// ascending (Batch::masked_positions).
Tensor KeptPatches(const Tensor& masked, int64_t samples, int64_t patches);

// Where the tokens of a sequence come from: row i of the result is x[source[i]], or the token where
// source[i] is -1, with positions[place[i]] added. Both [R] int32; no row of x twice.
struct TokenPlaces {
  Tensor source, place;

  static TokenPlaces Of(int64_t tokens);
  void Set(int64_t row, int64_t from, int64_t at) {
    source.ints()[row] = static_cast<int32_t>(from);
    place.ints()[row] = static_cast<int32_t>(at);
  }
};
inline constexpr int64_t kToken = -1;

// [R, D] of x [·, D], token [D] of any shape (undefined where none is read) and positions [·, D].
Var PlaceTokens(Tape& tape, Var x, Var token, Var positions, const TokenPlaces& places);

}  // namespace pretext
