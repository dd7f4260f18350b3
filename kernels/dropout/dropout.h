// Dropout (Srivastava et al. 2014) whose mask is never stored: element (row, column) of a mask is a
// function of the stream's key, so the backward pass makes the same mask again.
//
// An element is dropped when its 16 bits of the stream are below round(65536 p); the rest are
// multiplied by the reciprocal of the exact probability of being kept. A row takes whole groups of
// 128 elements; with g = column / 128 and r = column % 128, the bits of an element are
//
//   half   (r / 16) % 2
//   of word r / 32
//   of the Philox block (row · ⌈columns / 128⌉ + g) · 16 + r % 16, whose lower 32 bits are in the
//   counter, the upper ones over the key's second word (exclusive or)
//
// So a mask depends neither on threads nor on how its rows are cut into blocks, and sixteen blocks
// side by side fill the lanes of a vector.
#pragma once

#include <cstdint>

#include "base/random/random.h"

namespace pretext {

struct DropoutMask {
  PhiloxState stream;
  uint32_t threshold = 0;  // out of 65536
  float scale = 1;         // of what is kept

  bool active() const { return threshold != 0; }
};

// 0 <= probability < 1 (a probability that rounds to 1 drops all but 1 in 65536).
DropoutMask MakeDropout(const RandomKey& key, float probability);

// The multipliers of one row, 0 or scale: multipliers[c] for 0 <= c < columns.
void DropoutRow(const DropoutMask& dropout, int64_t row, int64_t columns, float* multipliers);
// The first `count` of them. A mask has one number of columns: were its rows asked for with `count`
// in their place, some would share their bits.
void DropoutRowStart(const DropoutMask& dropout, int64_t row, int64_t columns, int64_t count,
                     float* multipliers);

// y[r, c] = x[r, c] · multiplier(first_row + r, c) for a matrix of rows × columns. Both the forward
// and the backward pass. y may be x. Parallel over rows.
void ApplyDropout(const DropoutMask& dropout, int64_t first_row, int64_t rows, int64_t columns,
                  const float* x, float* y);

}  // namespace pretext
