#include "kernels/attention/bfloat16_attention.h"

#include <algorithm>

#include "kernels/attention/head_factors.h"
#include "kernels/attention/pair_of_head.h"
#include "kernels/attention/tiled_softmax.h"
#include "kernels/scratch/bfloat16_scratch.h"

namespace pretext {

using namespace attention_internal;  // NOLINT: its own header

namespace {

constexpr int64_t kBlockStrips = 4;  // of queries whose gradients meet a key at once

void ForwardPair(const AttentionShape& shape, int64_t head, const Pair& pair, MatrixRows q,
                 MatrixRows k, MatrixRows v, MutableMatrixRows out, float* statistics) {
  const int64_t width = shape.head_width, strips = TileCount(pair.keys);
  const auto rounded = [&](MatrixRows rows, bool lows) {
    return RoundedRows(rows, pair.first_key, pair.keys, pair.column, width, lows);
  };
  const SplitFactor keys(rounded(k, /*lows=*/true), /*transposed=*/true, width, pair.keys);
  const RightFactor values(rounded(v, /*lows=*/false).highs(), pair.keys, width);
  const RoundedRows queries(kTileSide, width, /*lows=*/true);
  const Bfloat16Scratch left(2 * TileCount(width) * kTileBlock), e(strips * kTileBlock);
  const Scratch scores(strips * kTileBlock), sums(TileCount(width) * kTileBlock);
  const StripMultipliers multipliers(shape, head, pair.keys);
  const TileUse use;
  for (int64_t row = pair.first_query; row < pair.end_query; row += kTileSide) {
    const int64_t count = std::min(kTileSide, pair.end_query - row);
    queries.Take(q, row, count, pair.column);
    PackSplitLeft(queries.split(), 0, count, 0, width, left.data());
    keys.Multiply(left.data(), /*accumulate=*/false, scores.data());
    float of_rows[kTileSide][2];
    SoftmaxOfStrip(count, pair.keys, shape.scale, multipliers.Make(row, count), scores.data(),
                   e.data(), of_rows);
    values.Multiply(e.data(), /*accumulate=*/false, sums.data());
    for (int64_t r = 0; r < count; ++r) {
      if (statistics != nullptr)
        std::copy_n(of_rows[r], 2, statistics + ((row + r) * shape.heads + head) * 2);
      float* const to = out.data + (row + r) * out.stride + pair.column;
      const float inverse = of_rows[r][1];
      ForEachOfRow(sums.data(), r, width, [=](int64_t c, float sum) { to[c] = inverse * sum; });
    }
  }
  for (int64_t r = pair.end_query; r < pair.end_padding; ++r)
    std::fill_n(out.data + r * out.stride + pair.column, width, 0.0f);
}

// Rows of sums, a block for each 32 of `width`, rounded into a head's columns; and added to its
// column sums.
void StoreRows(const float* sums, int64_t count, int64_t width, MutableBfloat16Rows to, int64_t row,
               int64_t column, float* column_sums) {
  for (int64_t c = 0; c < width; c += kTileSide) {
    const int64_t columns = std::min(kTileSide, width - c);
    for (int64_t r = 0; r < count; ++r) {
      const float* const from = sums + (c + r) * kTileSide;
      Bfloat16* const into = to.data + (row + r) * to.stride + column + c;
      if (c == 0 && r + kAhead < count)
        FetchAhead</*write=*/true>(into + kAhead * to.stride, width);
      StoreRounded(from, columns, /*accumulate=*/false, into);
#pragma omp simd
      for (int64_t j = 0; j < columns; ++j) column_sums[c + j] += from[j];
    }
  }
}

void ZeroRows(MutableBfloat16Rows m, int64_t begin, int64_t end, int64_t column, int64_t width) {
  for (int64_t r = begin; r < end; ++r)
    std::fill_n(m.data + r * m.stride + column, width, Bfloat16{});
}

// What the backward pass of a pair reads and writes.
struct Backward {
  MatrixRows q, k, v, out;
  const float* statistics;
  MatrixRows dout;
  MutableBfloat16Rows dq, dk, dv;
  float* column_sums;
};

class BackwardPair {
 public:
  BackwardPair(const AttentionShape& shape, int64_t head, const Pair& pair, const Backward& a)
      : shape_(shape),
        head_(head),
        pair_(pair),
        a_(a),
        strips_(TileCount(pair.keys)),
        depth_(TileCount(shape.head_width)),
        rounded_keys_(a.k, pair.first_key, pair.keys, pair.column, shape.head_width,
                      /*lows=*/true),
        keys_turned_(rounded_keys_, /*transposed=*/true, shape.head_width, pair.keys),
        values_turned_(RoundedRows(a.v, pair.first_key, pair.keys, pair.column, shape.head_width,
                                   /*lows=*/true),
                       /*transposed=*/true, shape.head_width, pair.keys),
        keys_(rounded_keys_, /*transposed=*/false, pair.keys, shape.head_width),
        queries_(kRows, shape.head_width, /*lows=*/true),
        douts_(kRows, shape.head_width, /*lows=*/true),
        right_q_(kRows, shape.head_width),
        right_do_(kRows, shape.head_width),
        left_(2 * std::max(kBlockStrips, depth_) * kTileBlock),
        p_(kBlockStrips * strips_ * kTileBlock),
        ds_(2 * kBlockStrips * strips_ * kTileBlock),
        scores_(strips_ * kTileBlock),
        dscores_(strips_ * kTileBlock),
        sums_(depth_ * kTileBlock),
        dk_(strips_ * depth_ * kTileBlock),
        dv_(strips_ * depth_ * kTileBlock),
        multipliers_(shape, head, pair.keys) {}

  void Run(float* sums_of_q, float* sums_of_k, float* sums_of_v) {
    const int64_t width = shape_.head_width;
    const TileUse use;
    for (int64_t row = pair_.first_query; row < pair_.end_query; row += kRows)
      Block(row, std::min(kRows, pair_.end_query - row), sums_of_q);
    const bool any = pair_.first_query < pair_.end_query;
    for (int64_t s = 0; any && s < strips_; ++s) {
      const int64_t count = std::min(kTileSide, pair_.keys - s * kTileSide),
                    row = pair_.first_key + s * kTileSide;
      const float* const dk = dk_ + s * depth_ * kTileBlock;
      const float* const dv = dv_ + s * depth_ * kTileBlock;
      StoreRows(dk, count, width, a_.dk, row, pair_.column, sums_of_k);
      StoreRows(dv, count, width, a_.dv, row, pair_.column, sums_of_v);
    }
    ZeroRows(a_.dq, pair_.end_query, pair_.end_padding, pair_.column, width);
    // The keys of padding; all of them when there was no query.
    const int64_t first_zero = pair_.first_key + (any ? pair_.keys : 0),
                  end = pair_.first_key + shape_.tokens;
    ZeroRows(a_.dk, first_zero, end, pair_.column, width);
    ZeroRows(a_.dv, first_zero, end, pair_.column, width);
  }

 private:
  static constexpr int64_t kRows = kBlockStrips * kTileSide;

  void Block(int64_t row, int64_t rows, float* sums_of_q) {
    const int64_t count = TileCount(rows);
    queries_.Take(a_.q, row, rows, pair_.column);
    douts_.Take(a_.dout, row, rows, pair_.column);
    right_q_.Pack(queries_, /*transposed=*/false, rows);
    right_do_.Pack(douts_.highs(), rows);
    for (int64_t i = 0; i < count; ++i)
      Strip(row + i * kTileSide, std::min(kTileSide, rows - i * kTileSide), i, sums_of_q);
    const bool more = row > pair_.first_query;
    for (int64_t s = 0; s < strips_; ++s) {
      const int64_t block = s * kTileBlock, apart = strips_ * kTileBlock;
      Turned(p_.data() + block, apart, count, left_.data());
      right_do_.Multiply(left_.data(), more, dv_ + s * depth_ * kTileBlock);
      Turned(ds_.data() + block, 2 * apart, count, left_.data());
      Turned(ds_.data() + apart + block, 2 * apart, count, left_.data() + count * kTileBlock);
      right_q_.Multiply(left_.data(), more, dk_ + s * depth_ * kTileBlock);
    }
  }

  // 32 keys as rows, the block's queries as their k: the blocks of `count` strips of queries.
  static void Turned(const Bfloat16* blocks, int64_t apart, int64_t count, Bfloat16* left) {
    for (int64_t i = 0; i < count; ++i)
      LeftBlockTransposed(kTileSide, kTileSide, blocks + i * apart, kTileSide,
                          left + i * kTileBlock);
  }

  // P and dS of strip i of a block of queries, and dq.
  void Strip(int64_t row, int64_t count, int64_t i, float* sums_of_q) {
    const int64_t width = shape_.head_width, lows = strips_ * kTileBlock;
    Bfloat16* const p = p_.data() + i * lows;
    Bfloat16* const ds = ds_.data() + i * 2 * lows;
    PackSplitLeft(queries_.split(), i * kTileSide, count, 0, width, left_.data());
    keys_turned_.Multiply(left_.data(), /*accumulate=*/false, scores_.data());
    PackSplitLeft(douts_.split(), i * kTileSide, count, 0, width, left_.data());
    values_turned_.Multiply(left_.data(), /*accumulate=*/false, dscores_.data());
    float kept[kTileSide][2], products[kTileSide];
    for (int64_t r = 0; r < count; ++r) {
      std::copy_n(a_.statistics + ((row + r) * shape_.heads + head_) * 2, 2, kept[r]);
      const float* const o = a_.out.data + (row + r) * a_.out.stride + pair_.column;
      const float* const d = a_.dout.data + (row + r) * a_.dout.stride + pair_.column;
      float product = 0;
#pragma omp simd reduction(+ : product)
      for (int64_t c = 0; c < width; ++c) product += o[c] * d[c];
      products[r] = product;
    }
    SoftmaxBackOfStrip(count, pair_.keys, shape_.scale, multipliers_.Make(row, count), kept,
                       products, scores_.data(), dscores_.data(), p, ds, ds + lows);
    keys_.Multiply(ds, /*accumulate=*/false, sums_.data());
    StoreRows(sums_.data(), count, width, a_.dq, row, pair_.column, sums_of_q);
  }

  const AttentionShape& shape_;
  const int64_t head_;
  const Pair& pair_;
  const Backward& a_;
  const int64_t strips_, depth_;  // of keys, and of a head's columns
  const RoundedRows rounded_keys_;
  const SplitFactor keys_turned_, values_turned_, keys_;
  const RoundedRows queries_, douts_;  // of a block of queries
  SplitFactor right_q_;
  RightFactor right_do_;
  const Bfloat16Scratch left_, p_, ds_;
  const Scratch scores_, dscores_, sums_, dk_, dv_;
  const StripMultipliers multipliers_;
};

int64_t QueryRows(const AttentionShape& shape) {
  return shape.positions == nullptr ? shape.samples * shape.tokens : shape.queries;
}

// Rounds rows, and adds each to the sums of the sample that `sample_of` names.
template <class SampleOf>
void RoundRows(const Scratch& from, int64_t rows, int64_t columns, MutableBfloat16Rows to,
               const SampleOf& sample_of, float* column_sums) {
  for (int64_t r = 0; r < rows; ++r) {
    const float* const row = from + r * columns;
    ToBfloat16(columns, row, to.data + r * to.stride);
    float* const sums = column_sums + sample_of(r) * 3 * columns;
    for (int64_t c = 0; c < columns; ++c) sums[c] += row[c];
  }
}

void PlainBackward(const AttentionShape& shape, const Backward& a) {
  const int64_t d = shape.heads * shape.head_width, queries = QueryRows(shape),
                keys = shape.samples * shape.tokens;
  const Scratch dq(queries * d), dk(keys * d), dv(keys * d);
  AttentionBackward(shape, a.q, a.k, a.v, a.out, a.statistics, a.dout, {dq.data(), d},
                    {dk.data(), d}, {dv.data(), d});
  const auto of_key = [&](int64_t r) { return r / shape.tokens; };
  const auto of_query = [&](int64_t r) {
    return of_key(shape.positions == nullptr ? r : shape.positions[r]);
  };
  RoundRows(dq, queries, d, a.dq, of_query, a.column_sums);
  RoundRows(dk, keys, d, a.dk, of_key, a.column_sums + d);
  RoundRows(dv, keys, d, a.dv, of_key, a.column_sums + 2 * d);
}

}  // namespace

void Bfloat16AttentionForward(const AttentionShape& shape, MatrixRows q, MatrixRows k, MatrixRows v,
                              MutableMatrixRows out, float* statistics) {
  if (!HasTiles()) return AttentionForward(shape, q, k, v, out, statistics);
#pragma omp parallel for schedule(dynamic, 1)
  for (int64_t i = 0; i < shape.samples * shape.heads; ++i) {
    const int64_t sample = i / shape.heads, head = i % shape.heads;
    ForwardPair(shape, head, FindPair(shape, sample, head), q, k, v, out, statistics);
  }
}

void Bfloat16AttentionBackward(const AttentionShape& shape, MatrixRows q, MatrixRows k,
                               MatrixRows v, MatrixRows out, const float* statistics,
                               MatrixRows dout, MutableBfloat16Rows dq, MutableBfloat16Rows dk,
                               MutableBfloat16Rows dv, float* column_sums) {
  const Backward all = {q, k, v, out, statistics, dout, dq, dk, dv, column_sums};
  const int64_t d = shape.heads * shape.head_width;
  std::fill_n(column_sums, shape.samples * 3 * d, 0.0f);
  if (!HasTiles()) return PlainBackward(shape, all);
#pragma omp parallel for schedule(dynamic, 1)
  for (int64_t i = 0; i < shape.samples * shape.heads; ++i) {
    const int64_t sample = i / shape.heads, head = i % shape.heads;
    const Pair pair = FindPair(shape, sample, head);
    float* const sums = column_sums + sample * 3 * d + pair.column;
    BackwardPair(shape, head, pair, all).Run(sums, sums + d, sums + 2 * d);
  }
}

}  // namespace pretext
