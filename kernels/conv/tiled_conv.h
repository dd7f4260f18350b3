// Convolutions of bfloat16 in the processor's matrix units (kernels/matrix_units), all three
// passes. Internal to the package: conv.h says when it is taken.
//
// Images lie channels last. A tile's rows are 32 samples at one position: whatever stride, kernel
// and size, a product has 32 rows, and what a window reaches beyond the image is left out of the
// sum instead of being multiplied by 0 (at 4×4 that spares three tenths of the work). For this,
// samples are put in blocks of 32 for some rows of the image at a time,
//
//   packed[block][row][column][C / 32][32 samples][32 channels]
//
// so many that they stay in the second-level cache, and multiplied with all weights there.
//
//   y[n, i, j, o]   = Σ_{k, l, c} x[n, i·s + k - p, j·s + l - p, c] · w[o, c, k, l]
//   dx[n, i, j, c]  = Σ_{k, l, o} dy[n, (i + p - k) / s, (j + p - l) / s, o] · w[o, c, k, l]
//   dw[o, c, k, l]  = Σ_{n, i, j} x[n, i·s + k - p, j·s + l - p, c] · dy[n, i, j, o]
//
// The first two are one loop over other tables of which position meets which. For the third,
// samples are what is summed over: x is packed transposed, dy in pair order.
//
// Sums are float32, in an order that depends on shape and number of threads alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/conv/conv_engine.h"
#include "kernels/matrix_units/tiles.h"

namespace pretext::conv_internal {

class TiledConv final : public ConvEngine {
 public:
  // Whether the processor has matrix units, and the pass (of bfloat16, one group) is faster so than
  // by oneDNN. Measured, see conv.md.
  static bool Suits(const ConvShape& shape, ConvPlan::Pass pass);

  explicit TiledConv(const ConvShape& shape);

  // Samples of a call: blocks for every thread.
  int64_t chunk() const;

  bool winograd(ConvPlan::Pass) const override { return false; }
  // Of any number of samples a call.
  size_t workspace_bytes(ConvPlan::Pass pass) const override;
  void Prepare(ConvPlan::Pass pass, const float* weight, void* workspace) const override;
  void Forward(int64_t count, const void* x, void* y, void* workspace) const override;
  void BackwardData(int64_t count, const void* dy, void* dx, bool accumulate,
                    void* workspace) const override;
  void BackwardWeights(int64_t count, const void* x, const void* dy, bool first,
                       void* workspace) const override;
  void FinishBackwardWeights(float* dweight, bool accumulate, void* workspace) const override;

 private:
  // What a row (or column) of the result is summed up from: the kernel's k and the source's row.
  struct Tap {
    int64_t k, from;
  };
  using Taps = std::vector<std::vector<Tap>>;
  struct Side {
    int64_t channels, height, width;
    int64_t size() const { return channels * height * width; }
    int64_t blocks() const { return TileCount(channels); }
  };
  // A pass that gathers: from one side's images the other's.
  struct Gathering {
    Side in, out;
    Taps rows, columns;
  };
  // A part of a pass that a thread does at once: sample blocks, and rows of the result.
  struct Unit {
    int64_t first_block, blocks, first_row, rows;
    int64_t low, high;  // rows of the source, [low, high)
  };

  static std::vector<Unit> Cut(const Gathering& pass, int64_t count);
  void Gather(const Gathering& pass, int64_t count, const void* in, const void* weights,
              bool accumulate, void* out) const;
  void GatherUnit(const Gathering& pass, const Unit& unit, int64_t count, const Bfloat16* in,
                  const Bfloat16* weights, bool accumulate, Bfloat16* out) const;
  void SumUnit(const Unit& unit, int64_t count, const Bfloat16* x, const Bfloat16* dy,
               float* sums) const;
  int64_t sums_size() const;
  // The row (column) of x that the window at row i of y meets under its row k.
  int64_t SourceOf(int64_t i, int64_t k) const { return i * shape_.stride + k - shape_.padding; }

  ConvShape shape_;
  int threads_;
  Gathering forward_, backward_;
};

}  // namespace pretext::conv_internal
