#include "kernels/position_wise/position_wise.h"

#include <algorithm>
#include <array>

#include "kernels/gemm/varying_gemm.h"
#include "kernels/layer_norm/layer_norm.h"
#include "kernels/position_wise/position_wise_internal.h"
#include "kernels/scratch/scratch.h"
#include "kernels/transpose/transpose.h"

namespace pretext {

using namespace position_wise_internal;  // NOLINT: its own header

namespace {

constexpr int64_t kSlots = 8;

// Rows whose widest layer fits a second-level cache beside the weights.
int64_t BlockRows(const PositionWise& s) {
  constexpr int64_t kBlockFloats = 128 * 1024;
  const int64_t widest = std::max({s.in, s.hidden, s.out, int64_t{1}});
  return std::clamp<int64_t>(kBlockFloats / widest / 16 * 16, 64, 128);
}

// to[j, i] = from[i, j], shared among the threads of a team; they meet at the end.
void TransposeByTeam(int64_t rows, int64_t columns, const float* from, float* to) {
  constexpr int64_t kRows = 16;
#pragma omp for schedule(static)
  for (int64_t i = 0; i < rows; i += kRows) {
    TransposeRows(rows, columns, i, std::min(rows, i + kRows), from, to);
  }
}

void Product(int64_t m, int64_t n, int64_t k, const float* a, const float* b, float beta,
             float* c) {
  VaryingGemm(Transpose::kNo, Transpose::kNo, m, n, k, 1.0f, a, k, b, n, beta, c, n);
}
// c[m×n] (+)= aᵀ b over k rows.
void TransposedProduct(int64_t m, int64_t n, int64_t k, const float* a, const float* b, float beta,
                       float* c) {
  VaryingGemm(Transpose::kYes, Transpose::kNo, m, n, k, 1.0f, a, m, b, n, beta, c, n);
}

void ColumnSums(int64_t rows, int64_t columns, const float* x, float* sums) {
  for (int64_t r = 0; r < rows; ++r) {
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) sums[c] += x[r * columns + c];
  }
}

const float* At(const float* base, int64_t offset) {
  return base == nullptr ? nullptr : base + offset;
}
float* At(float* base, int64_t offset) { return base == nullptr ? nullptr : base + offset; }

// Parameter gradients, one after the other in a slot's memory.
struct SlotParts {
  explicit SlotParts(const PositionWise& s, const PositionWise::Gradients& g) {
    const Target targets[] = {g.hidden_weight, g.hidden_bias, g.weight, g.bias, g.gamma, g.beta};
    const int64_t sizes[] = {s.hidden * s.in, s.hidden, s.out * InnerWidth(s), s.out, s.out, s.out};
    for (int i = 0; i < kParts; ++i) {
      target[i] = targets[i];
      size[i] = targets[i] ? sizes[i] : 0;
      offset[i] = total;
      total += (size[i] + 15) / 16 * 16;
    }
  }
  enum Part { kHiddenWeight, kHiddenBias, kWeight, kBias, kGamma, kBeta, kParts };
  std::array<Target, kParts> target;
  std::array<int64_t, kParts> size, offset;
  int64_t total = 0;
};

// The backward pass over one slot's rows.
class SlotBackward {
 public:
  SlotBackward(const PositionWise& s, const PositionWise::Gradients& gradients,
               const SlotParts& parts, float* sums)
      : s_(s), gradients_(gradients), parts_(parts), sums_(sums) {
    std::fill_n(sums, parts.total, 0.0f);
  }

  void Block(const float* x, const PositionWise::Kept& kept, const float* dy, int64_t begin,
             int64_t rows) {
    const int64_t inner = InnerWidth(s_);
    Scratch dg(rows * s_.out);  // the gradient of g(x)
    const float* d = Normalisation(kept, dy, begin, rows, dg.data());
    const float* x_block = x + begin * s_.in;
    if (s_.hidden == 0) {
      if (float* dw = Part(SlotParts::kWeight))
        TransposedProduct(s_.out, inner, rows, d, x_block, 1.0f, dw);
      InputGradient(begin, rows, s_.out, d, s_.weight);
      return;
    }
    Scratch activations(rows * inner), dhidden(rows * inner);
    Product(rows, inner, s_.out, d, s_.weight, 0.0f, dhidden.data());
    ActivationAgain(s_.activation, rows * inner, kept.hidden_sum + begin * inner,
                    activations.data(), dhidden.data());
    if (float* dw = Part(SlotParts::kWeight))
      TransposedProduct(s_.out, inner, rows, d, activations.data(), 1.0f, dw);
    if (float* dw = Part(SlotParts::kHiddenWeight))
      TransposedProduct(inner, s_.in, rows, dhidden.data(), x_block, 1.0f, dw);
    if (float* db = Part(SlotParts::kHiddenBias)) ColumnSums(rows, inner, dhidden.data(), db);
    InputGradient(begin, rows, inner, dhidden.data(), s_.hidden_weight);
  }

 private:
  // Back through normalisation and dropout, with the gradient of the residual. Returns that of
  // g(x): in dg, or dy itself where there is neither.
  const float* Normalisation(const PositionWise::Kept& kept, const float* dy, int64_t begin,
                             int64_t rows, float* dg) {
    LayerNormBackward backward;
    SetNormalisation(s_, begin, rows, backward);
    backward.dy = dy + begin * s_.out;
    backward.sum = At(kept.sum, begin * s_.out);
    backward.mean = At(kept.mean, begin);
    backward.inverse_deviation = At(kept.inverse_deviation, begin);
    backward.dresidual = {At(gradients_.residual.data, begin * s_.out),
                          gradients_.residual.accumulate};
    const bool unchanged = GradientPasses(s_);
    if (!unchanged) backward.dx = {dg};
    backward.dbias = {Part(SlotParts::kBias), true};
    backward.dgamma = {Part(SlotParts::kGamma), true};
    backward.dbeta = {Part(SlotParts::kBeta), true};
    backward.Run();
    return unchanged ? backward.dy : dg;
  }

  // dx (+)= d W for the block's rows.
  void InputGradient(int64_t begin, int64_t rows, int64_t width, const float* d,
                     const float* weight) {
    if (!gradients_.x) return;
    Product(rows, s_.in, width, d, weight, gradients_.x.beta(), gradients_.x.data + begin * s_.in);
  }

  float* Part(SlotParts::Part part) const {
    return parts_.target[part] ? sums_ + parts_.offset[part] : nullptr;
  }

  const PositionWise& s_;
  const PositionWise::Gradients& gradients_;
  const SlotParts& parts_;
  float* sums_;
};

// Adds up the slots, shared among the threads of a team.
void SumSlotsByTeam(const SlotParts& parts, int64_t slots, const float* sums) {
  for (int part = 0; part < SlotParts::kParts; ++part) {
    const Target& target = parts.target[part];
    const float* first = sums + parts.offset[part];
    constexpr int64_t kChunk = 4096;
#pragma omp for schedule(static) nowait
    for (int64_t begin = 0; begin < parts.size[part]; begin += kChunk) {
      const int64_t end = std::min(parts.size[part], begin + kChunk);
      for (int64_t slot = 0; slot < slots; ++slot) {
        const float* from = first + slot * parts.total;
        if (slot == 0 && !target.accumulate) {
          std::copy(from + begin, from + end, target.data + begin);
          continue;
        }
#pragma omp simd
        for (int64_t i = begin; i < end; ++i) target.data[i] += from[i];
      }
    }
  }
}

}  // namespace

void PositionWise::Forward(const float* x, const float* residual, const Kept& kept,
                           float* y) const {
  const int64_t inner = InnerWidth(*this), block = BlockRows(*this);
  // With the inner dimension first: products of row-major matrices are the faster ones.
  Scratch transposed(inner * out), hidden_transposed(hidden * in);
#pragma omp parallel
  {
    TransposeByTeam(out, inner, weight, transposed.data());
    if (hidden > 0) TransposeByTeam(hidden, in, hidden_weight, hidden_transposed.data());
    Scratch activations(hidden > 0 ? block * hidden : 0);
#pragma omp for schedule(dynamic, 1)
    for (int64_t begin = 0; begin < rows; begin += block) {
      const int64_t count = std::min(block, rows - begin);
      const float* input = x + begin * in;
      if (hidden > 0) {
        float* sum =
            kept.hidden_sum != nullptr ? kept.hidden_sum + begin * hidden : activations.data();
        Product(count, hidden, in, input, hidden_transposed.data(), 0.0f, sum);
        BiasActivationForward(activation, count, hidden, sum, hidden_bias,
                              kept.hidden_sum != nullptr ? sum : nullptr, activations.data());
        input = activations.data();
      }
      LayerNormForward forward;
      SetNormalisation(*this, begin, count, forward);
      forward.y = y + begin * out;
      forward.sum = kept.sum != nullptr && gamma != nullptr ? kept.sum + begin * out : forward.y;
      forward.x = forward.sum;
      forward.bias = bias;
      forward.residual = At(residual, begin * out);
      forward.beta = beta;
      forward.epsilon = epsilon;
      forward.mean = At(kept.mean, begin);
      forward.inverse_deviation = At(kept.inverse_deviation, begin);
      Product(count, out, inner, input, transposed.data(), 0.0f, forward.sum);
      forward.Run();
    }
  }
}

void PositionWise::Backward(const float* x, const Kept& kept, const float* dy,
                            const Gradients& gradients) const {
  const int64_t block = BlockRows(*this), blocks = (rows + block - 1) / block;
  const int64_t slots = std::clamp<int64_t>(blocks, 1, kSlots);
  const SlotParts parts(*this, gradients);
  Scratch sums(slots * parts.total);
#pragma omp parallel
  {
#pragma omp for schedule(dynamic, 1)
    for (int64_t slot = 0; slot < slots; ++slot) {
      SlotBackward pass(*this, gradients, parts, sums + slot * parts.total);
      for (int64_t b = slot * blocks / slots; b < (slot + 1) * blocks / slots; ++b) {
        pass.Block(x, kept, dy, b * block, std::min(block, rows - b * block));
      }
    }
    SumSlotsByTeam(parts, slots, sums.data());
  }
}

}  // namespace pretext
