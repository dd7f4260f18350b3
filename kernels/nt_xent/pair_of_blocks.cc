#include "kernels/nt_xent/pair_of_blocks.h"

#include <algorithm>
#include <array>

#include "kernels/gemm/gemm.h"
#include "kernels/transpose/transpose.h"

namespace pretext::nt_xent_internal {

PairOfBlocks::PairOfBlocks(const NtXentProblem& problem, int64_t kept_tiles)
    : problem_(problem),
      log2_scale_(Log2Scale(problem.temperature)),
      kept_count_(kept_tiles),
      transposed_(kTileSize * problem.features),
      tile_(kTileFloats),
      kept_(kept_tiles * kTileFloats) {}

double PairOfBlocks::scale() const { return Scale(log2_scale_); }

float* PairOfBlocks::NextTile(bool& kept) {
  const int64_t index = next_++;
  kept = index < kept_count_;
  return kept ? kept_ + index * kTileFloats : tile_.data();
}

template <class Function>
void PairOfBlocks::ForEachTile(const BlockRows& a, const BlockRows& b, Function&& function) {
  const bool same = a.first == b.first;
  for (int64_t c = b.begin; c < b.end; c += kTileSize) {
    const int64_t columns = std::min(kTileSize, b.end - c);
    TransposeRows(columns, problem_.features, 0, columns, b.z + c * problem_.features,
                  transposed_.data());
    // A pair of tiles of one block once.
    const int64_t end = same ? std::min(a.end, c + 1) : a.end;
    for (int64_t r = a.begin; r < end; r += kTileSize)
      function(Place{same, r, c, {std::min(kTileSize, a.end - r), columns}});
  }
}

template <class Function>
void PairOfBlocks::ForEachPositive(const BlockRows& a, const BlockRows& b, const Place& place,
                                   Function&& function) const {
  const int32_t* const labels = problem_.labels;
  if (labels == nullptr) {
    // Of the views of a sample, which are in one block.
    if (!place.same) return;
    for (int64_t i = 0; i < place.shape.rows; ++i) {
      for (int64_t j = (place.r + i) % a.samples - place.c; j < place.shape.columns; j += a.samples)
        if (j >= 0 && place.r + i != place.c + j) function(i, j);
    }
    return;
  }
  std::array<int32_t, kTileSize> classes;
  for (int64_t j = 0; j < place.shape.columns; ++j)
    classes[j] = labels[b.first + (place.c + j) % b.samples];
  for (int64_t i = 0; i < place.shape.rows; ++i) {
    const int32_t of_row = labels[a.first + (place.r + i) % a.samples];
    int32_t count = 0;
#pragma omp simd reduction(+ : count)
    for (int64_t j = 0; j < place.shape.columns; ++j) count += classes[j] == of_row ? 1 : 0;
    for (int64_t j = 0; count > 0 && j < place.shape.columns; ++j) {
      if (classes[j] != of_row) continue;
      --count;
      if (!place.same || place.r + i != place.c + j) function(i, j);
    }
  }
}

void PairOfBlocks::Cosines(const BlockRows& a, const Place& place, float* tile) const {
  Gemm(Transpose::kNo, Transpose::kNo, place.shape.rows, place.shape.columns, problem_.features,
       1.0f, a.z + place.r * problem_.features, problem_.features, transposed_.data(),
       place.shape.columns, 0.0f, tile, kTileStride);
}

void PairOfBlocks::Mask(const BlockRows& a, const Place& place, float* tile) const {
  if (!place.same) return;
  const float masked = MaskedCosine(log2_scale_);
  for (int64_t i = 0; i < place.shape.rows; ++i) {
    if (place.is_diagonal()) tile[i * kTileStride + i] = masked;
    if (!problem_.decoupled) continue;
    for (int64_t j = (place.r + i) % a.samples - place.c; j < place.shape.columns; j += a.samples)
      if (j >= 0) tile[i * kTileStride + j] = masked;
  }
}

void PairOfBlocks::AddTerms(const BlockRows& a, const BlockRows& b, const RowSums& of_a,
                            const RowSums& of_b) {
  ForEachTile(a, b, [&](const Place& place) {
    bool kept;
    float* const tile = NextTile(kept);
    Cosines(a, place, tile);
    ForEachPositive(a, b, place, [&](int64_t i, int64_t j) {
      const float cosine = tile[i * kTileStride + j];
      of_a.positives[place.r + i] += cosine;
      if (!place.is_diagonal()) of_b.positives[place.c + j] += cosine;
    });
    Mask(a, place, tile);
    nt_xent_internal::AddTerms(place.shape, log2_scale_, tile, of_a.terms + place.r,
                               place.is_diagonal() ? nullptr : of_b.terms + place.c);
  });
}

void PairOfBlocks::AddGradients(const BlockRows& a, const BlockRows& b, const RowWeights& of_a,
                                const RowWeights& of_b, const float* pull, float* gradient_a,
                                float* gradient_b) {
  const bool is_first = a.first == b.first;
  if (is_first) next_ = 0;
  const int64_t features = problem_.features;
  ForEachTile(a, b, [&](const Place& place) {
    const auto [same, r, c, shape] = place;
    bool kept;
    float* const tile = NextTile(kept);
    if (!kept) {
      Cosines(a, place, tile);
      Mask(a, place, tile);
    }
    // The tile becomes dloss/ds_ij + dloss/ds_ji, for the rows of both blocks.
    CosinesToWeights(shape, log2_scale_, of_a.scale + r, of_a.shift + r, of_b.scale + c,
                     of_b.shift + c, tile);
    ForEachPositive(a, b, place, [&, r = r](int64_t i, int64_t j) {
      tile[i * kTileStride + j] -= 2 * pull[r + i];
    });
    Gemm(Transpose::kNo, Transpose::kNo, shape.rows, features, shape.columns, 1.0f, tile,
         kTileStride, b.z + c * features, features, 1.0f, gradient_a + r * features, features);
    if (place.is_diagonal()) return;
    Gemm(Transpose::kYes, Transpose::kNo, shape.columns, features, shape.rows, 1.0f, tile,
         kTileStride, a.z + r * features, features, 1.0f, gradient_b + c * features, features);
  });
}

}  // namespace pretext::nt_xent_internal
