// Where a patch lies: what a vision transformer adds to its tokens. A table is [c + L, D]: with a
// class token (c = 1) its row first, then the patches of a grid by rows.
#pragma once

#include <cstdint>
#include <mutex>

#include "core/autograd/autograd.h"

namespace pretext {

struct PatchGrid {
  int64_t rows = 0, columns = 0;

  int64_t patches() const { return rows * columns; }
  friend bool operator==(const PatchGrid&, const PatchGrid&) = default;
};

// Fixed sines and cosines in both directions, 0 for the class token (He et al. 2021, "Masked
// autoencoders are scalable vision learners"; facebookresearch/mae, util/pos_embed.py). For a patch
// in column x and row y, of Q = D / 4 frequencies w_k = 10000^(-k / Q):
//
//   sin(x w), cos(x w), sin(y w), cos(y w)       4 divides D
Tensor SinCosPositions(const PatchGrid& grid, int64_t width, bool class_token);

// Those of one grid, made when they are first asked for, by whichever thread.
class FixedPositions {
 public:
  const Tensor& Of(const PatchGrid& grid, int64_t width, bool class_token) const {
    std::call_once(made_, [&] { table_ = SinCosPositions(grid, width, class_token); });
    return table_;
  }

 private:
  mutable std::once_flag made_;
  mutable Tensor table_;
};

// The table of another grid, by cubic convolution (a = -3/4, the border's values beyond it;
// PyTorch's interpolate, bicubic, align_corners false), as DINO's interpolate_pos_encoding does it;
// the class token's row stays. Differentiable; the table itself where the grids are the same.
Var ResizePositions(Tape& tape, Var table, bool class_token, const PatchGrid& from,
                    const PatchGrid& to);

}  // namespace pretext
