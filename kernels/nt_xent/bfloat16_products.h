// FloatProducts on the processor's tiles (kernels/matrix_units), for NtXentProblem::bfloat16.
// Internal to the package.
//
// Rows are taken as sums of two numbers of bfloat16, z = high + low, 16 bits, for the cosines,
// which stand in an exponent: three products, without that of the lows, a relative error of 2^-16.
// For the gradients, weights and rows are rounded once.
#pragma once

#include <cstdint>

#include "kernels/matrix_units/tiles.h"
#include "kernels/nt_xent/float_products.h"
#include "kernels/scratch/bfloat16_scratch.h"
#include "kernels/scratch/scratch.h"

namespace pretext::nt_xent_internal {

// Blocks begin at multiples of kTileSide.
class Bfloat16Products {
 public:
  class Worker {
   public:
    explicit Worker(const Bfloat16Products& of);

   private:
    friend class Bfloat16Products;
    const TileUse use_;
    const Bfloat16Scratch rounded_, left_;  // weights, row-major and a strip of them
    const Scratch sums_;                    // of 32 rows and all features
  };

  Bfloat16Products(int64_t rows, int64_t features, const float* z);
  void Prepare(RowBlock b) const;
  void Cosines(RowBlock a, RowBlock b, Worker& worker, float* tile) const;
  void AddGradients(RowBlock a, RowBlock b, const float* weight, Worker& worker,
                    float* gradient) const;

 private:
  int64_t Part() const { return depth_ * kTileBlock; }  // numbers of a strip's part
  Bfloat16* Left(int64_t strip) const { return left_.data() + strip * 2 * Part(); }
  Bfloat16* Right(int64_t strip) const { return right_.data() + strip * 2 * Part(); }
  Bfloat16* Values(int64_t strip) const { return values_.data() + strip * Part(); }
  // gradient [count, D] += the left strip in the worker, of `strips` blocks, times rows of z from
  // strip `first` on.
  void AddProduct(int64_t strips, int64_t first, int64_t count, Worker& worker,
                  float* gradient) const;

  const int64_t features_, depth_;
  const float* const z_;
  // Strips of 32 rows: as rows and as columns, their high parts and then their low ones; and as
  // what weights are multiplied with, high parts alone.
  const Bfloat16Scratch left_, right_, values_;
};

}  // namespace pretext::nt_xent_internal
