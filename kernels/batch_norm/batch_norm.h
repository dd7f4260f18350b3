// Batch normalisation (Ioffe & Szegedy 2015, algorithm 1), fused with what
// follows it in a residual network:
//
//   y = f(γ (x - μ) / √(σ² + ε) + β + r)        f = ReLU or nothing, r a residual or nothing
//
// per channel, μ and σ² (biased) over all samples and positions of the channel. Tensors are walked
// by a ChannelOrder (kernels/layout/channel_order.h): blocked images, channels last, matrices. All
// tensors of a call share one order.
//
// Sums are taken over fixed pieces of at most 256 positions, their means and squared deviations (or
// gradient sums) merged in double precision in a fixed order: no cancellation for large means, and
// the same bits whatever the number of threads, also when the samples come in chunks (while the
// convolution's output is still in the cache). NaN propagates, through the ReLU too.
//
// T, of what is walked: float, or Bfloat16, which is widened as it is read and rounded as it is
// written; everything between is float32.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16/bfloat16.h"
#include "kernels/layout/channel_order.h"

namespace pretext {

// Floats that the sums of all samples need.
size_t BatchNormPartials(const ChannelOrder& order);

// The sums behind μ and σ² of samples [begin, begin + count); x points at sample `begin`. A matrix
// comes whole: [0, 1).
template <class T>
void BatchNormMoments(const ChannelOrder& order, int64_t begin, int64_t count, const T* x,
                      float* partials);
// After all samples: mean[c], variance[c] (biased).
void FinishBatchNormMoments(const ChannelOrder& order, const float* partials, float* mean,
                            float* variance);

// Per channel, all of length C; gamma and beta may be null (1 and 0).
struct BatchNormParameters {
  const float* mean;
  const float* inverse_deviation;  // 1 / √(σ² + ε)
  const float* gamma;
  const float* beta;
};

// inverse_deviation[c] = 1 / √(variance[c] + epsilon).
void InverseDeviation(int64_t channels, const float* variance, float epsilon,
                      float* inverse_deviation);

// running ← (1 - momentum) · running + momentum · batch
//
// PyTorch's convention (its default 0.1; TensorFlow's 0.9 is the same). The variance is made
// unbiased, × n / (n - 1) with n = count, where n > 1.
void UpdateRunningStatistics(int64_t channels, int64_t count, float momentum, const float* mean,
                             const float* variance, float* running_mean, float* running_variance);

// y, padding included. residual may be null; y may be x or residual.
template <class T>
void BatchNormForward(const ChannelOrder& order, const BatchNormParameters& p, const T* x,
                      const Of<T>* residual, bool relu, Of<T>* y);

// How the gradient gets past the ReLU.
enum class BatchNormMask : uint8_t {
  kNone,       // there is none
  kRecompute,  // where γ (x - μ) / σ + β > 0: saves reading y; not with a residual
  kOutput,     // where y > 0
};

// The sums behind dβ and dγ: of g and of g (x - μ), where g = dy past the ReLU. Samples as in
// BatchNormMoments, all pointers at sample `begin`. y is read for kOutput only. masked, if not
// null, receives g (the residual's gradient); it may be dy.
template <class T>
void BatchNormGradientSums(const ChannelOrder& order, int64_t begin, int64_t count,
                           const BatchNormParameters& p, BatchNormMask mask, const T* x,
                           const Of<T>* y, const Of<T>* dy, Of<T>* masked, float* partials);
// dβ = Σ g, dγ = Σ g (x - μ) / σ.
void FinishBatchNormGradientSums(const ChannelOrder& order, const BatchNormParameters& p,
                                 const float* partials, float* dgamma, float* dbeta);

// dx = γ/σ (g - dβ/n - (x - μ)/σ · dγ/n)        n = order.count()
//
// for `samples` samples at the pointers (order.samples for all). dx may be dy. With running
// statistics (constants) dgamma and dbeta are null: dx = γ/σ g.
template <class T>
void BatchNormBackward(const ChannelOrder& order, int64_t samples, const BatchNormParameters& p,
                       BatchNormMask mask, const T* x, const Of<T>* y, const Of<T>* dy,
                       const float* dgamma, const float* dbeta, Of<T>* dx);

}  // namespace pretext
