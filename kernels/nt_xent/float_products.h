// Products of a batch's rows in float32, by the BLAS. Internal to the package.
#pragma once

#include <cstdint>

#include "kernels/gemm/gemm.h"
#include "kernels/nt_xent/tiles.h"
#include "kernels/scratch/scratch.h"
#include "kernels/transpose/transpose.h"

namespace pretext::nt_xent_internal {

// Some rows of z that follow one another, at most kTileSize.
struct RowBlock {
  int64_t first, count;
};

// z [R, D]. What a pair of blocks needs may be asked for by several threads at once, each with a
// Worker of its own.
class FloatProducts {
 public:
  struct Worker {
    explicit Worker(const FloatProducts&) {}
  };

  FloatProducts(int64_t rows, int64_t features, const float* z)
      : features_(features), z_(z), transposed_(rows * features) {}

  // Before Cosines, once for every block. Products without a transpose are faster.
  void Prepare(RowBlock b) const {
    TransposeRows(b.count, features_, 0, b.count, z_ + b.first * features_, Transposed(b));
  }

  // tile[i, j] = z_i · z_j       i of a, j of b
  void Cosines(RowBlock a, RowBlock b, Worker&, float* tile) const {
    Gemm(Transpose::kNo, Transpose::kNo, a.count, b.count, features_, 1.0f,
         z_ + a.first * features_, features_, Transposed(b), b.count, 0.0f, tile, kTileStride);
  }

  // gradient_i += Σ_j weight[i, j] z_j, and, of another block, gradient_j += Σ_i weight[i, j] z_i.
  void AddGradients(RowBlock a, RowBlock b, const float* weight, Worker&, float* gradient) const {
    Gemm(Transpose::kNo, Transpose::kNo, a.count, features_, b.count, 1.0f, weight, kTileStride,
         z_ + b.first * features_, features_, 1.0f, gradient + a.first * features_, features_);
    if (a.first == b.first) return;
    Gemm(Transpose::kYes, Transpose::kNo, b.count, features_, a.count, 1.0f, weight, kTileStride,
         z_ + a.first * features_, features_, 1.0f, gradient + b.first * features_, features_);
  }

 private:
  float* Transposed(RowBlock b) const { return transposed_ + b.first * features_; }

  const int64_t features_;
  const float* const z_;
  const Scratch transposed_;  // block by block, [D, rows of the block]
};

}  // namespace pretext::nt_xent_internal
