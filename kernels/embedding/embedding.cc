#include "kernels/embedding/embedding.h"

#include <algorithm>

#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "kernels/scratch/scratch.h"

namespace pretext {
namespace {

void Add(int64_t n, const float* x, float* y) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

// The numbers of all N·L tokens sorted by id, stable: a counting sort. order: [N·L]; first:
// [vocabulary + 1], where each id's tokens begin in it.
void SortById(const EmbeddingIds& ids, int32_t* order, int32_t* first) {
  const int64_t count = ids.samples * ids.tokens;
  std::fill_n(first, ids.vocabulary + 1, 0);
  for (int64_t i = 0; i < count; ++i) ++first[ids.ids[i] + 1];
  for (int64_t id = 0; id < ids.vocabulary; ++id) first[id + 1] += first[id];
  for (int64_t i = 0; i < count; ++i) order[first[ids.ids[i]]++] = static_cast<int32_t>(i);
  // Each entry has moved on to where the next id begins.
  for (int64_t id = ids.vocabulary; id > 0; --id) first[id] = first[id - 1];
  first[0] = 0;
}

void TokenGradient(const EmbeddingIds& ids, const float* dout, const Target& dtoken) {
  const int64_t count = ids.samples * ids.tokens, d = ids.features;
  Scratch memory(count + ids.vocabulary + 1);
  int32_t* order = reinterpret_cast<int32_t*>(memory.data());
  int32_t* first = order + count;
  SortById(ids, order, first);
  const int64_t cost = d + count * d / ids.vocabulary;
  ParallelForUneven(ids.vocabulary, 256, cost, [&](int64_t id) {
    float* row = dtoken.data + id * d;
    if (!dtoken.accumulate) std::fill_n(row, d, 0.0f);
    for (int32_t i = first[id]; i < first[id + 1]; ++i) Add(d, dout + order[i] * d, row);
  });
}

// Positions and segments together: the sums by (position, segment) serve both.
void PositionAndSegmentGradient(const EmbeddingIds& ids, int64_t positions, const float* dout,
                                const Target& dposition, const Target& dsegment) {
  const int64_t d = ids.features;
  const int32_t* segments = dsegment ? ids.segments : nullptr;
  const int64_t segment_count = segments == nullptr ? 1 : ids.segment_count;
  Scratch sums(ids.tokens * segment_count * d);
  ParallelFor(ids.tokens, ids.samples * d, [&](int64_t l) {
    float* at = sums + l * segment_count * d;
    std::fill_n(at, segment_count * d, 0.0f);
    for (int64_t n = 0; n < ids.samples; ++n) {
      const int64_t i = n * ids.tokens + l;
      Add(d, dout + i * d, at + (segments == nullptr ? 0 : segments[i]) * d);
    }
    if (!dposition) return;
    float* row = dposition.data + l * d;
    if (!dposition.accumulate) std::fill_n(row, d, 0.0f);
    for (int64_t s = 0; s < segment_count; ++s) Add(d, at + s * d, row);
  });
  if (dposition && !dposition.accumulate) {
    std::fill(dposition.data + ids.tokens * d, dposition.data + positions * d, 0.0f);
  }
  if (!dsegment) return;
  if (!dsegment.accumulate) std::fill_n(dsegment.data, ids.segment_count * d, 0.0f);
  for (int64_t l = 0; l < ids.tokens; ++l)
    Add(segment_count * d, sums + l * segment_count * d, dsegment.data);
}

}  // namespace

void EmbeddingForward(const EmbeddingIds& ids, int64_t begin, int64_t end, const float* token,
                      const float* position, const float* segment, float* out) {
  const int64_t d = ids.features;
  ParallelFor(end - begin, 2 * d, [&](int64_t row_index) {
    const int64_t i = begin + row_index;
    const int32_t id = ids.ids[i];
    PRETEXT_CHECK(id >= 0 && id < ids.vocabulary, "a token's id is below the vocabulary's size");
    const float* t = token + id * d;
    const float* p = position + (i % ids.tokens) * d;
    float* row = out + row_index * d;
    if (segment == nullptr) {
#pragma omp simd
      for (int64_t c = 0; c < d; ++c) row[c] = t[c] + p[c];
      return;
    }
    const int32_t which = ids.segments == nullptr ? 0 : ids.segments[i];
    PRETEXT_CHECK(which >= 0 && which < ids.segment_count,
                  "a segment is below the number of segments");
    const float* s = segment + which * d;
#pragma omp simd
    for (int64_t c = 0; c < d; ++c) row[c] = t[c] + p[c] + s[c];
  });
}

void EmbeddingBackward(const EmbeddingIds& ids, int64_t positions, const float* dout,
                       const Target& dtoken, const Target& dposition, const Target& dsegment) {
  if (dtoken) TokenGradient(ids, dout, dtoken);
  if (dposition || dsegment) PositionAndSegmentGradient(ids, positions, dout, dposition, dsegment);
}

}  // namespace pretext
