#include "kernels/image/weighted_sum.h"

namespace pretext {
namespace {

template <int kBlocks>
void SumBlocks(const float* in, int64_t stride, const float* weights, int taps, float* out) {
  Lanes sum[kBlocks] = {};
  for (int k = 0; k < taps; ++k) {
    const UnalignedLanes* row = reinterpret_cast<const UnalignedLanes*>(in + k * stride);
    for (int b = 0; b < kBlocks; ++b) sum[b] += weights[k] * row[b];
  }
  for (int b = 0; b < kBlocks; ++b) reinterpret_cast<UnalignedLanes*>(out)[b] = sum[b];
}

}  // namespace

void WeightedSum(const float* in, int64_t stride, const float* weights, int taps, int64_t n,
                 float* out) {
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) SumBlocks<4>(in + i, stride, weights, taps, out + i);
  for (; i + kLanes <= n; i += kLanes) SumBlocks<1>(in + i, stride, weights, taps, out + i);
  for (; i < n; ++i) {
    float sum = 0;
    for (int k = 0; k < taps; ++k) sum += weights[k] * in[k * stride + i];
    out[i] = sum;
  }
}

}  // namespace pretext
