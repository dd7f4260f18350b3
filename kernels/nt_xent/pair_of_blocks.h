// Two blocks of rows and what they are to one another: the tiles of their similarities. Internal to
// the package.
#pragma once

#include <cstdint>

#include "kernels/nt_xent/nt_xent.h"
#include "kernels/nt_xent/tiles.h"
#include "kernels/scratch/scratch.h"

namespace pretext::nt_xent_internal {

// Rows [begin, end) of a block of `samples` samples: row v·samples + i is view v of sample
// first + i of the batch. The arrays are of the block's rows, from its first.
struct BlockRows {
  int64_t first, samples;
  int64_t begin, end;
  const float* z;  // [rows, D], of unit length
};

// Of a pass over the similarities.
struct RowSums {
  ShiftedSum* terms;  // Σ_{j ∈ A(i)} exp(s_ij)
  double* positives;  // Σ_{p ∈ P(i)} z_i · z_p
};

// Of the pass back: dloss/ds_ij = scale_i · 2^(s_ij - shift_i) for j ∈ A(i), less pull_i for P(i).
struct RowWeights {
  const float* scale;
  const int32_t* shift;
};

class PairOfBlocks {
 public:
  // At most so many tiles of the first pass stay for the second.
  PairOfBlocks(const NtXentProblem& problem, int64_t kept_tiles);

  // 1 / τ as the tiles have it.
  double scale() const;

  // Adds what the rows of a are to those of b to the sums of both. Where both are one block the
  // sums are, too, and the ranges are all of it.
  void AddTerms(const BlockRows& a, const BlockRows& b, const RowSums& of_a, const RowSums& of_b);
  // After all pairs, in the order of AddTerms: adds the gradients with respect to z. The pulls of a
  // will do, since they are of the class.
  void AddGradients(const BlockRows& a, const BlockRows& b, const RowWeights& of_a,
                    const RowWeights& of_b, const float* pull, float* gradient_a,
                    float* gradient_b);

 private:
  // A tile: rows [r, r + shape.rows) of a with columns [c, c + shape.columns) of b.
  struct Place {
    bool same;  // of one block
    int64_t r, c;
    TileShape shape;
    bool is_diagonal() const { return same && r == c; }
  };
  // function(place, tile) for all tiles of a pair; the transposed rows of b are there.
  template <class Function>
  void ForEachTile(const BlockRows& a, const BlockRows& b, Function&& function);
  // function(i, j) for the positive pairs of a tile.
  template <class Function>
  void ForEachPositive(const BlockRows& a, const BlockRows& b, const Place& place,
                       Function&& function) const;
  void Cosines(const BlockRows& a, const Place& place, float* tile) const;
  void Mask(const BlockRows& a, const Place& place, float* tile) const;
  // Of the next tile in order: its own memory while there is some, else that for one tile.
  float* NextTile(bool& kept);

  const NtXentProblem& problem_;
  const float log2_scale_;  // k = log2(e) / τ: exp(s) = 2^(cosine · k)
  const int64_t kept_count_;
  int64_t next_ = 0;  // tile of a pass
  const Scratch transposed_, tile_, kept_;
};

}  // namespace pretext::nt_xent_internal
