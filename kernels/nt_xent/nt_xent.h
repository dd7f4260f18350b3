// NT-Xent (Chen et al. 2020, SimCLR, equation 1) and its relatives, loss and gradient in one call,
// without the matrix of similarities.
//
// R = V·N rows x_i of D features, view-major: row v·N + n is view v of sample n.
//
//   z_i  = x_i / |x_i|
//   s_ij = z_i · z_j / τ
//   loss = mean over i of [ log Σ_{j ∈ A(i)} exp(s_ij) − (1/|P(i)|) Σ_{p ∈ P(i)} s_ip ]
//
// NT-Xent: P(i) are the other views of the sample, A(i) all rows but i. With V > 2 this is the mean
// over all ordered positive pairs of −log softmax.
//
// SupCon (Khosla et al. 2020, L_out): P(i) are the other rows of the same label, A(i) all rows but
// i. Rows without positives are left out of the mean; when no row has any, loss and gradient are 0.
//
// Decoupled (Yeh et al. 2021, DCL): A(i) lacks the views of the sample of i. Without negatives
// (N = 1) the logarithm counts as 0.
//
// Defined results: a zero vector (|x| < 1e-12, as PyTorch's normalize) has z = 0: similarity 0 to
// every row, and its gradient is 0 (PyTorch's is the gradient of z times 1e12). A NaN or an
// infinity in x gives kNonFinite. Duplicates and temperatures down to 1e-4 are exact to rounding:
// every logarithm is taken over terms scaled by their row's own maximum (rounded up to a power of
// two, so that moving to a larger one is exact).
//
// How: tiles of at most 128×128 similarities, each used for both of its triangles, in two passes
// (sums; gradient), 4·R²·D floating-point operations with the gradient: R²·D a pass for half of the
// products, 2·R²·D for the gradient. Tiles of the first pass stay for the second as far as a fixed
// budget goes. Products are float32, or, with `bfloat16` and a processor that has tiles of it
// (kernels/matrix_units), of bfloat16: similarities from z as sums of two such numbers, 16 bits,
// the gradient from weights and z rounded once; all else stays float32. Tiles run in parallel in
// rounds in which no block of rows occurs twice, so every sum has one order: the same bits whatever
// the number of threads.
#pragma once

#include <cstdint>

namespace pretext {

inline constexpr float kLeastTemperature = 1e-4f;

struct NtXentProblem {
  int64_t samples = 0;       // N >= 1
  int64_t views = 2;         // V >= 2; >= 1 with labels
  int64_t features = 0;      // D >= 1
  float temperature = 0.5f;  // τ >= kLeastTemperature
  bool decoupled = false;
  bool bfloat16 = false;            // products in bfloat16, see above
  const int32_t* labels = nullptr;  // [N], any values; null: every sample is its own class

  int64_t rows() const { return samples * views; }
};

enum class NtXentStatus { kOk, kNonFinite };

struct NtXentResult {
  NtXentStatus status = NtXentStatus::kOk;
  double loss = 0;  // NaN unless kOk
  // Mean of z_i · z_p over i with positives and p in P(i); 0 if there are none.
  double positive_cosine = 0;
  // Mean of z_i · z_j over i ≠ j: near 1 when representations have collapsed.
  double mean_cosine = 0;
  int64_t averaged_rows = 0;  // that the loss is the mean of: those with positives
};

// x: [R, D]. gradient: [R, D], dloss/dx, overwritten (of no meaning unless kOk), or null for the
// loss alone. row_loss: [R], the terms of the mean (0 for rows left out), or null. Scratch memory:
// 2·R·D (in bfloat16 3.5·R·D) + 10·R floats, 64 kB a thread, and with a gradient at most 24 MB of
// kept tiles.
NtXentResult ComputeNtXent(const NtXentProblem& problem, const float* x, float* gradient,
                           float* row_loss);

}  // namespace pretext
