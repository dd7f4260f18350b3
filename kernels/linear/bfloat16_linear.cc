#include "kernels/linear/bfloat16_linear.h"

#include <algorithm>

#include "base/parallel/parallel.h"
#include "kernels/gemm/bfloat16_gemm.h"
#include "kernels/scratch/scratch.h"

namespace pretext {

void ToPaddedBfloat16(int64_t rows, int64_t columns, const float* from, Bfloat16* to) {
  ToBfloat16(rows * columns, from, to);
  std::fill(to + rows * columns, to + PaddedRows(rows) * columns, Bfloat16{});
}

void Bfloat16Linear::Forward(const Bfloat16* x, const float* bias, Activation activation,
                             float* y) const {
  GemmBiasActivation(Transpose::kNo, Transpose::kYes, rows, out, in, x, in, weight, in, bias,
                     activation, y, out);
}

void Bfloat16Linear::Forward(const Bfloat16* x, const float* bias, Bfloat16* sums) const {
  GemmBias(Transpose::kNo, Transpose::kYes, rows, out, in, x, in, weight, in, bias, sums, out);
}

void Bfloat16Linear::Backward(const Bfloat16* x, const Bfloat16* d, int64_t real, Target dweight,
                              Target dx) const {
  if (dweight) {
    Gemm(Transpose::kYes, Transpose::kNo, out, in, rows, 1, d, out, x, in, dweight.beta(),
         dweight.data, in);
  }
  if (!dx) return;
  if (real == rows) {
    Gemm(Transpose::kNo, Transpose::kNo, rows, in, out, 1, d, out, weight, in, dx.beta(), dx.data,
         in);
    return;
  }
  Scratch padded(rows * in);
  Gemm(Transpose::kNo, Transpose::kNo, rows, in, out, 1, d, out, weight, in, 0, padded.data(), in);
  const float* const from = padded.data();
  float* const to = dx.data;
  if (dx.accumulate) {
    ParallelElements(real * in, [=](int64_t i) { to[i] += from[i]; });
  } else {
    ParallelElements(real * in, [=](int64_t i) { to[i] = from[i]; });
  }
}

void Bfloat16Linear::BackwardData(const Bfloat16* d, Bfloat16* dx) const {
  GemmBias(Transpose::kNo, Transpose::kNo, rows, in, out, d, out, weight, in, nullptr, dx, in);
}

}  // namespace pretext
