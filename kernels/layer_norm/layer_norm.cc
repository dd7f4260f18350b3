#include "kernels/layer_norm/layer_norm.h"

#include <algorithm>
#include <cmath>

#include "base/parallel/parallel.h"
#include "kernels/scratch/scratch.h"

namespace pretext {
namespace {

constexpr int64_t kBlocks = 256;  // at most, of rows
constexpr int64_t kCost = 2;      // of an element: a row is passed over two or three times

// Rows a block: a function of the size alone.
int64_t BlockRows(int64_t rows) { return std::max<int64_t>(32, (rows + kBlocks - 1) / kBlocks); }

// out = residual + multipliers ∘ (x + bias), what is null left out. Returns the sum over the row.
float SumRow(int64_t n, const float* x, const float* bias, const float* multipliers,
             const float* residual, float* out) {
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t c = 0; c < n; ++c) {
    float value = x[c];
    if (bias != nullptr) value += bias[c];
    if (multipliers != nullptr) value *= multipliers[c];
    if (residual != nullptr) value += residual[c];
    out[c] = value;
    total += value;
  }
  return total;
}

float SquaredDeviations(int64_t n, const float* x, float mean) {
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t c = 0; c < n; ++c) total += (x[c] - mean) * (x[c] - mean);
  return total;
}

void Put(int64_t n, const float* value, const Target& target) {
  if (target.accumulate) {
#pragma omp simd
    for (int64_t c = 0; c < n; ++c) target.data[c] += value[c];
  } else {
    std::copy_n(value, n, target.data);
  }
}

bool Active(const DropoutMask* mask) { return mask != nullptr && mask->active(); }

// The row of the masks that belongs to row r.
template <class Pass>
int64_t MaskRow(const Pass& pass, int64_t r) {
  return pass.first_row + (pass.mask_rows == nullptr ? r : pass.mask_rows[r]);
}

void Multiply(int64_t n, const float* by, float* x) {
#pragma omp simd
  for (int64_t c = 0; c < n; ++c) x[c] *= by[c];
}

Target Row(const Target& target, int64_t offset) {
  return {target ? target.data + offset : nullptr, target.accumulate};
}

}  // namespace

void LayerNormForward::Run() const {
  const int64_t n = columns;
  const bool drop = Active(dropout), drop_output = gamma != nullptr && Active(output_dropout);
#pragma omp parallel if (WorthATeam(rows, kCost * n))
  {
    Scratch multipliers(n);
#pragma omp for schedule(static)
    for (int64_t r = 0; r < rows; ++r) {
      if (drop) DropoutRow(*dropout, MaskRow(*this, r), n, multipliers.data());
      float* s = sum + r * n;
      const float total = SumRow(n, x + r * n, bias, drop ? multipliers.data() : nullptr,
                                 residual == nullptr ? nullptr : residual + r * n, s);
      if (gamma == nullptr) continue;
      const float row_mean = total / static_cast<float>(n);
      const float variance = SquaredDeviations(n, s, row_mean) / static_cast<float>(n);
      const float scale = 1.0f / std::sqrt(variance + epsilon);
      float* out = y + r * n;
#pragma omp simd
      for (int64_t c = 0; c < n; ++c) out[c] = gamma[c] * ((s[c] - row_mean) * scale) + beta[c];
      if (drop_output) {
        DropoutRow(*output_dropout, MaskRow(*this, r), n, multipliers.data());
        Multiply(n, multipliers.data(), out);
      }
      if (mean != nullptr) {
        mean[r] = row_mean;
        inverse_deviation[r] = scale;
      }
    }
  }
}

namespace {

// One block of rows; partial: [3, D] sums for gamma, beta and bias.
void BackwardBlock(const LayerNormBackward& a, int64_t begin, int64_t end, float* partial) {
  const int64_t n = a.columns;
  const bool drop = Active(a.dropout), drop_output = a.gamma != nullptr && Active(a.output_dropout);
  Scratch row(3 * n);
  float* ds = row.data();
  float* multipliers = row + n;
  float* masked = row + 2 * n;
  float* gamma_sum = partial;
  float* beta_sum = partial + n;
  float* bias_sum = partial + 2 * n;
  std::fill_n(partial, 3 * n, 0.0f);
  for (int64_t r = begin; r < end; ++r) {
    const float* dy = a.dy + r * n;
    if (drop_output) {
      DropoutRow(*a.output_dropout, MaskRow(a, r), n, masked);
      Multiply(n, dy, masked);
      dy = masked;
    }
    if (a.gamma != nullptr) {
      const float* s = a.sum + r * n;
      const float mean = a.mean[r], scale = a.inverse_deviation[r];
      float sum_g = 0, sum_gx = 0;  // of g = γ dy, and of g times the normalised x
#pragma omp simd reduction(+ : sum_g, sum_gx)
      for (int64_t c = 0; c < n; ++c) {
        const float normalised = (s[c] - mean) * scale;
        const float g = dy[c] * a.gamma[c];
        sum_g += g;
        sum_gx += g * normalised;
        gamma_sum[c] += dy[c] * normalised;
        beta_sum[c] += dy[c];
      }
      const float mean_g = sum_g / static_cast<float>(n), mean_gx = sum_gx / static_cast<float>(n);
#pragma omp simd
      for (int64_t c = 0; c < n; ++c) {
        const float normalised = (s[c] - mean) * scale;
        ds[c] = scale * (dy[c] * a.gamma[c] - mean_g - normalised * mean_gx);
      }
    } else {
      std::copy_n(dy, n, ds);
    }
    if (a.dresidual) Put(n, ds, Row(a.dresidual, r * n));
    if (!a.dx && !a.dbias) continue;
    if (drop) {
      DropoutRow(*a.dropout, MaskRow(a, r), n, multipliers);
      Multiply(n, multipliers, ds);
    }
    if (a.dx) Put(n, ds, Row(a.dx, r * n));
#pragma omp simd
    for (int64_t c = 0; c < n; ++c) bias_sum[c] += ds[c];
  }
}

}  // namespace

void LayerNormBackward::Run() const {
  const int64_t n = columns;
  const int64_t block_rows = BlockRows(rows);
  const int64_t blocks = (rows + block_rows - 1) / block_rows;
  Scratch partials(blocks * 3 * n);
#pragma omp parallel if (WorthATeam(rows, kCost * n))
  {
#pragma omp for schedule(static)
    for (int64_t b = 0; b < blocks; ++b) {
      BackwardBlock(*this, b * block_rows, std::min(rows, (b + 1) * block_rows),
                    partials + b * 3 * n);
    }
    const Target targets[3] = {dgamma, dbeta, dbias};
    for (int t = 0; t < 3; ++t) {
      if (!targets[t]) continue;
#pragma omp for schedule(static)
      for (int64_t c = 0; c < n; ++c) {
        float total = 0;
        for (int64_t b = 0; b < blocks; ++b) total += partials.data()[(b * 3 + t) * n + c];
        targets[t].data[c] = targets[t].accumulate ? targets[t].data[c] + total : total;
      }
    }
  }
}

}  // namespace pretext
