// Convolutions of float32 by Winograd's F(4×4, 3×3) (winograd_transforms.h), all three passes: 3×3,
// stride 1, padding 1, channels in sixteens. Internal to the package; conv.h says when it is taken.
//
// The gradient of x is the same convolution with turned weights. Both gather:
//
//   V [36][tiles, in]  of the images,   M[p] = V[p] · U[p],   images of M [36][tiles, out]
//
// for a block of tiles at a time, whose V and part of M stay in the second-level cache, with all of
// U [36][in, out], which Prepare leaves in the workspace. Where U is larger than a multiple of that
// cache ("deep"), passing through it for each block would cost more than passing through V and M:
// then the tiles of a whole call, or as many as a third-level cache takes, are transformed first,
// multiplied point by point, and transformed back. The weights' gradient is summed up in dU
// likewise and transformed back at the end (FinishBackwardWeights).
//
// Order of sums: outputs and the gradient of x have the same bits whatever the number of threads
// and of samples in a call; the gradient of the weights depends on shape, calls and the number of
// threads alone, and not on that where the weights are deep.
//
// A NaN or an infinity shows in all outputs whose windows it is in, as what is not finite; of the
// others at most in those of the same tiles of 4×4.
//
// Errors, with u = 2^-24 and r = 28 roundings in all transforms: to first order
//
//   |y' - y| <= 564 · C · (C + r) · u · max|x| · max|w|
//
// where 564 is the largest ‖Aᵀ‖·‖G‖·‖Bᵀ‖ (sums of absolute values along a row; the direct
// algorithm's is 9, its C + r is 9 C). That is never near: roundings of independent values cancel,
// norms are Euclidean, and
//
//   rms (y' - y) / rms y  ≈  κ · u / √3 · (√(C / 2) + √r),   κ = 4.8 over a tile, 8.2 at its corner
//
// which is 2e-6 with 64 channels. The same holds for the gradients: of x with O in place of C, of
// the weights with the number of tiles (κ = 4.8, at most 6.5).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/conv/conv_engine.h"
#include "kernels/conv/winograd_transforms.h"

namespace pretext::conv_internal {

// The share of the tiles of 4×4 that is within the images: Winograd's algorithm works for whole
// tiles. 0 of convolutions that it is not for, and where tiles are too few to outweigh the
// transforms of the weights.
double WinogradFill(const ConvShape& shape);

class WinogradConv final : public ConvEngine {
 public:
  // Whether it is faster than oneDNN's direct algorithm. Measured, see conv.md.
  static bool Suits(const ConvShape& shape);
  // Whether images may lie so.
  static bool Takes(const ChannelOrder& order);

  // Orders of x and y.
  WinogradConv(const ConvShape& shape, const ChannelOrder& x, const ChannelOrder& y);

  bool winograd(ConvPlan::Pass) const override { return true; }
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
  struct Gathering {
    const WinogradImages &from, &to;
    const float *in, *u;
    float* out;
    bool accumulate;
  };
  struct Summing {
    const float *x, *dy;
    bool accumulate;
    float* du;
  };

  int64_t weights_size() const;
  bool deep() const;
  int64_t stage_tiles() const;
  void Gather(const Gathering& pass, int64_t count, float* stage) const;
  void GatherBlock(const Gathering& pass, int64_t first, int64_t count) const;
  void GatherStage(const Gathering& pass, int64_t first, int64_t count, float* stage) const;
  void SumBlock(const Summing& pass, int64_t first, int64_t count) const;
  void SumStage(const Summing& pass, int64_t first, int64_t count, float* stage) const;

  ConvShape shape_;
  WinogradImages x_, y_;
  int threads_;
};

}  // namespace pretext::conv_internal
