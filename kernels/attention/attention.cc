#include "kernels/attention/attention.h"

#include <algorithm>
#include <limits>

#include "kernels/attention/pair_of_head.h"
#include "kernels/gemm/varying_gemm.h"
#include "kernels/scratch/scratch.h"
#include "kernels/vector_math/vector_math.h"

namespace pretext {

using namespace attention_internal;  // NOLINT: its own header

namespace {

// The block of scores: at most so many queries, and so many scores unless a row alone is longer.
constexpr int64_t kBlockQueries = 128;
constexpr int64_t kBlockScores = 64 * 1024;

int64_t BlockQueries(int64_t keys) {
  return std::clamp<int64_t>(kBlockScores / std::max<int64_t>(1, keys), 1, kBlockQueries);
}

// Replaces a row of scores by e^(score - largest); returns the sum of these.
float Exponentials(int64_t keys, float* scores, float* largest) {
  float maximum = -std::numeric_limits<float>::infinity();
#pragma omp simd reduction(max : maximum)
  for (int64_t j = 0; j < keys; ++j) maximum = scores[j] > maximum ? scores[j] : maximum;
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t j = 0; j < keys; ++j) {
    const float e = Exp(scores[j] - maximum);
    scores[j] = e;
    total += e;
  }
  *largest = maximum;
  return total;
}

void ZeroRows(MutableMatrixRows m, int64_t begin, int64_t end, int64_t column, int64_t width) {
  for (int64_t r = begin; r < end; ++r) std::fill_n(m.data + r * m.stride + column, width, 0.0f);
}

void ForwardPair(const AttentionShape& shape, int64_t head, const Pair& pair, MatrixRows q,
                 MatrixRows k, MatrixRows v, MutableMatrixRows out, float* statistics) {
  const int64_t keys = pair.keys, width = shape.head_width;
  const bool drop = shape.dropout != nullptr && shape.dropout->active();
  const int64_t block = BlockQueries(keys);
  Scratch scores(block * keys), multipliers(drop ? keys : 0), inverse_sums(block);
  const float* k_head = k.data + pair.first_key * k.stride + pair.column;
  const float* v_head = v.data + pair.first_key * v.stride + pair.column;
  for (int64_t begin = pair.first_query; begin < pair.end_query; begin += block) {
    const int64_t rows = std::min(block, pair.end_query - begin);
    VaryingGemm(Transpose::kNo, Transpose::kYes, rows, keys, width, shape.scale,
                q.data + begin * q.stride + pair.column, q.stride, k_head, k.stride, 0.0f,
                scores.data(), keys);
    for (int64_t r = 0; r < rows; ++r) {
      float* row = scores + r * keys;
      float largest;
      const float inverse = 1.0f / Exponentials(keys, row, &largest);
      inverse_sums.data()[r] = inverse;
      if (statistics != nullptr) {
        float* kept = statistics + ((begin + r) * shape.heads + head) * 2;
        kept[0] = largest;
        kept[1] = inverse;
      }
      if (drop) {
        DropoutRowStart(*shape.dropout, MaskRow(shape, begin + r, head), shape.tokens, keys,
                        multipliers.data());
        const float* m = multipliers.data();
#pragma omp simd
        for (int64_t j = 0; j < keys; ++j) row[j] *= m[j];
      }
    }
    float* o = out.data + begin * out.stride + pair.column;
    VaryingGemm(Transpose::kNo, Transpose::kNo, rows, width, keys, 1.0f, scores.data(), keys,
                v_head, v.stride, 0.0f, o, out.stride);
    for (int64_t r = 0; r < rows; ++r) {
      const float inverse = inverse_sums.data()[r];
      float* row = o + r * out.stride;
#pragma omp simd
      for (int64_t c = 0; c < width; ++c) row[c] *= inverse;
    }
  }
  ZeroRows(out, pair.end_query, pair.end_padding, pair.column, width);
}

// Of one query: scores become dropout(P), dprobabilities (the gradient of that)
// becomes the gradient of the scores, scale included. output_product is the sum
// of dO ∘ O, which is that of dP ∘ P, too.
template <bool drop>
void BackwardRow(int64_t keys, float largest, float inverse, float output_product, float scale,
                 const float* multipliers, float* scores, float* dprobabilities) {
#pragma omp simd
  for (int64_t j = 0; j < keys; ++j) {
    const float p = Exp(scores[j] - largest) * inverse;
    const float m = drop ? multipliers[j] : 1.0f;
    scores[j] = p * m;
    dprobabilities[j] = p * scale * (dprobabilities[j] * m - output_product);
  }
}

void BackwardPair(const AttentionShape& shape, int64_t head, const Pair& pair, MatrixRows q,
                  MatrixRows k, MatrixRows v, MatrixRows out, const float* statistics,
                  MatrixRows dout, MutableMatrixRows dq, MutableMatrixRows dk,
                  MutableMatrixRows dv) {
  const int64_t keys = pair.keys, width = shape.head_width;
  const bool drop = shape.dropout != nullptr && shape.dropout->active();
  const int64_t block = BlockQueries(keys);
  Scratch scores(block * keys), dscores(block * keys), multipliers(drop ? keys : 0);
  const float* k_head = k.data + pair.first_key * k.stride + pair.column;
  const float* v_head = v.data + pair.first_key * v.stride + pair.column;
  float* dk_head = dk.data + pair.first_key * dk.stride + pair.column;
  float* dv_head = dv.data + pair.first_key * dv.stride + pair.column;
  float beta = 0;
  for (int64_t begin = pair.first_query; begin < pair.end_query; begin += block) {
    const int64_t rows = std::min(block, pair.end_query - begin);
    const float* q_block = q.data + begin * q.stride + pair.column;
    const float* o_block = out.data + begin * out.stride + pair.column;
    const float* do_block = dout.data + begin * dout.stride + pair.column;
    VaryingGemm(Transpose::kNo, Transpose::kYes, rows, keys, width, shape.scale, q_block, q.stride,
                k_head, k.stride, 0.0f, scores.data(), keys);
    VaryingGemm(Transpose::kNo, Transpose::kYes, rows, keys, width, 1.0f, do_block, dout.stride,
                v_head, v.stride, 0.0f, dscores.data(), keys);
    for (int64_t r = 0; r < rows; ++r) {
      const float* o = o_block + r * out.stride;
      const float* d = do_block + r * dout.stride;
      float product = 0;
#pragma omp simd reduction(+ : product)
      for (int64_t c = 0; c < width; ++c) product += o[c] * d[c];
      const float* kept = statistics + ((begin + r) * shape.heads + head) * 2;
      float* s = scores + r * keys;
      float* ds = dscores + r * keys;
      if (drop) {
        float* m = multipliers.data();
        DropoutRowStart(*shape.dropout, MaskRow(shape, begin + r, head), shape.tokens, keys, m);
        BackwardRow<true>(keys, kept[0], kept[1], product, shape.scale, m, s, ds);
      } else {
        BackwardRow<false>(keys, kept[0], kept[1], product, shape.scale, nullptr, s, ds);
      }
    }
    VaryingGemm(Transpose::kYes, Transpose::kNo, keys, width, rows, 1.0f, scores.data(), keys,
                do_block, dout.stride, beta, dv_head, dv.stride);
    VaryingGemm(Transpose::kYes, Transpose::kNo, keys, width, rows, 1.0f, dscores.data(), keys,
                q_block, q.stride, beta, dk_head, dk.stride);
    VaryingGemm(Transpose::kNo, Transpose::kNo, rows, width, keys, 1.0f, dscores.data(), keys,
                k_head, k.stride, 0.0f, dq.data + begin * dq.stride + pair.column, dq.stride);
    beta = 1;
  }
  ZeroRows(dq, pair.end_query, pair.end_padding, pair.column, width);
  // The keys of padding; all of them when there was no query.
  const int64_t first_zero = pair.first_key + (beta == 0 ? 0 : keys);
  ZeroRows(dk, first_zero, pair.first_key + shape.tokens, pair.column, width);
  ZeroRows(dv, first_zero, pair.first_key + shape.tokens, pair.column, width);
}

}  // namespace

void AttentionForward(const AttentionShape& shape, MatrixRows q, MatrixRows k, MatrixRows v,
                      MutableMatrixRows out, float* statistics) {
#pragma omp parallel for schedule(dynamic, 1)
  for (int64_t i = 0; i < shape.samples * shape.heads; ++i) {
    const int64_t sample = i / shape.heads, head = i % shape.heads;
    ForwardPair(shape, head, FindPair(shape, sample, head), q, k, v, out, statistics);
  }
}

void AttentionBackward(const AttentionShape& shape, MatrixRows q, MatrixRows k, MatrixRows v,
                       MatrixRows out, const float* statistics, MatrixRows dout,
                       MutableMatrixRows dq, MutableMatrixRows dk, MutableMatrixRows dv) {
#pragma omp parallel for schedule(dynamic, 1)
  for (int64_t i = 0; i < shape.samples * shape.heads; ++i) {
    const int64_t sample = i / shape.heads, head = i % shape.heads;
    BackwardPair(shape, head, FindPair(shape, sample, head), q, k, v, out, statistics, dout, dq, dk,
                 dv);
  }
}

}  // namespace pretext
