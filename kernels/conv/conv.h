// Two-dimensional convolution and its gradients, by oneDNN as a rule.
//
//   y[n, o, i, j] = Σ_{c, k, l} x[n, c, i·s + k - p, j·s + l - p] · w[o, c, k, l]
//
// with x zero outside the image, stride s and padding p. With G groups, output channel o sees the
// input channels of its group only, and c counts those. The transposed convolution is the gradient
// of a convolution with respect to its input: its forward pass is BackwardData, its gradients are
// Forward and BackwardWeights with x and dy exchanged. It needs no code of its own.
//
// Images lie in the layouts that the plan names (blocked by 16 channels as a rule, row-major for
// images of few channels); weights are row-major O×(C/G)×K×K and put into oneDNN's order once a
// pass (Prepare).
//
// A batch is worked off in chunks of at most chunk() samples: their output fits the cache, so
// whatever follows (batch statistics, bias and activation) can be done on it while it is there;
// memory for the transformed images of Winograd's algorithm stays small too.
//
//   plan.Prepare(ConvPlan::Pass::kForward, w, workspace);
//   for (begin = 0; begin < n; begin += count) {
//     count = min(plan.chunk(), n - begin);
//     plan.Forward(count, x + begin * plan.input_stride(),     // of elements
//                  y + begin * plan.output_stride(), workspace);
//   }
//
// On a processor with AMX some passes in bfloat16 are our own (tiled_conv.h), and so is Winograd's
// algorithm where oneDNN has none (winograd_conv.h).
//
// Images are float32, or bfloat16 where the shape asks for it: the weights are then rounded as they
// are put in order, sums and the gradient of the weights are float32. The plan's layouts name the
// numbers; pointers to images are to whichever these are.
//
// Winograd's F(4×4, 3×3) (Lavin & Gray 2016) is taken for 3×3 convolutions of stride 1 where it was
// measured to be faster (conv.md has the figures); its rounding error is about ten times the direct
// algorithm's, 1e-6 of the norm. The choice depends on the shape alone: the same bits every time on
// one processor with one number of threads. NaN and infinities propagate.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "kernels/layout/layout.h"

namespace pretext {

struct ConvShape {
  int64_t n = 1;             // samples
  int64_t in_channels = 1;   // C
  int64_t height = 1;        // of x
  int64_t width = 1;         // of x
  int64_t out_channels = 1;  // O
  int64_t kernel = 1;        // K
  int64_t stride = 1;        // s
  int64_t padding = 0;       // p, zeros on every side
  int64_t groups = 1;        // G, divides C and O
  // Whether images and weights are bfloat16 where oneDNN has fast code for it in every pass.
  bool bfloat16 = false;

  int64_t out_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  int64_t out_width() const { return (width + 2 * padding - kernel) / stride + 1; }
  int64_t weight_size() const { return out_channels * (in_channels / groups) * kernel * kernel; }

  friend auto operator<=>(const ConvShape&, const ConvShape&) = default;
};

class ConvPlan {
 public:
  enum class Pass { kForward, kBackwardData, kBackwardWeights };

  // Made once for a shape and the thread's omp_get_max_threads(), and kept. All sizes are at least
  // 1 and the output is not empty.
  // Thread-safe.
  static const ConvPlan& Get(const ConvShape& shape);
  ~ConvPlan();

  const ConvShape& shape() const;
  // Of x and dx, of y and dy: all n samples. A sample's data is contiguous,
  // samples follow one another.
  Layout input_layout() const;
  Layout output_layout() const;
  // Whether images are bfloat16.
  bool bfloat16() const;
  // Elements from one sample to the next.
  int64_t input_stride() const;
  int64_t output_stride() const;

  // The samples of a call: this many, and what is left over in the last one.
  int64_t chunk() const;
  // Whether a pass uses Winograd's algorithm.
  bool winograd(Pass pass) const;
  // Bytes of the 64-byte aligned memory that the functions of one pass need. It carries the
  // prepared weights or the sums from one call to the next; its contents do not matter at first.
  size_t workspace_bytes(Pass pass) const;

  // Puts the weights in order for kForward or kBackwardData: before the pass's first chunk.
  void Prepare(Pass pass, const float* weight, void* workspace) const;

  void Forward(int64_t count, const void* x, void* y, void* workspace) const;

  // dx = the gradient, or += with accumulate.
  void BackwardData(int64_t count, const void* dy, void* dx, bool accumulate,
                    void* workspace) const;

  // The first call of a pass starts the sum over samples, the others add to it.
  void BackwardWeights(int64_t count, const void* x, const void* dy, bool first,
                       void* workspace) const;
  // dweight = the sum, or += with accumulate.
  void FinishBackwardWeights(float* dweight, bool accumulate, void* workspace) const;

 private:
  struct Impl;
  explicit ConvPlan(const ConvShape& shape);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pretext
