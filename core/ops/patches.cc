#include "core/ops/patches.h"

#include <algorithm>
#include <utility>

#include "base/parallel/parallel.h"
#include "core/ops/basic_internal.h"

namespace pretext {
namespace {

// run(pixel, element) for each line of P numbers that a patch and its row share.
template <class Run>
void ForEachLine(const Shape& x, int64_t patch, int64_t number, const Run& run) {
  const int64_t channels = x[1], height = x[2], width = x[3], columns = width / patch;
  const int64_t patches = height / patch * columns, n = number / patches, p = number % patches;
  const int64_t top = p / columns * patch, left = p % columns * patch;
  int64_t element = 0;
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t i = 0; i < patch; ++i, element += patch)
      run(((n * channels + c) * height + top + i) * width + left, element);
  }
}

// Adds row r of dy to row target(r) of `to`, -1: to none. A line of columns at a time: the same
// whatever the threads.
template <class TargetRow>
void AddToTargets(const Tensor& dy, const TargetRow& target, Gradient to) {
  if (!to.wanted()) return;
  const int64_t rows = dy.dim(0), columns = dy.dim(1);
  if (!to.accumulate()) to.tensor().Zero();
  float* const sums = to.data();
  const float* const terms = dy.data();
  ParallelBlocks(columns, 16, rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t row = target(r);
      if (row < 0) continue;
      float* const sum = sums + row * columns;
      const float* const from = terms + r * columns;
#pragma omp simd
      for (int64_t c = begin; c < end; ++c) sum[c] += from[c];
    }
  });
}

}  // namespace

Var PatchRows(Tape& tape, Var x, int64_t patch, const Tensor& which) {
  ops_internal::CheckShapes(x.value().rank() == 4 && x.dim(2) % patch == 0 && x.dim(3) % patch == 0,
                            "PatchRows", "images of whole patches", x);
  const Tensor input = x.value().Plain();
  const Shape shape = input.shape();
  const int64_t size = shape[1] * patch * patch;
  const int64_t rows = which.defined() ? which.size() : input.size() / size;
  Tensor y = Tensor::Uninitialized({rows, size});
  const int32_t* const numbers = which.defined() ? which.ints() : nullptr;
  const float* const pixels = input.data();
  float* const lines = y.data();
  ParallelFor(rows, size, [&](int64_t m) {
    const int64_t number = numbers != nullptr ? numbers[m] : m;
    ForEachLine(shape, patch, number, [&](int64_t pixel, int64_t element) {
      std::copy_n(pixels + pixel, patch, lines + m * size + element);
    });
  });
  return tape.Record("patches", std::move(y), {x},
                     [&tape, x, which, shape, patch, size, rows](const Tensor& dy) {
                       Gradient dx = tape.GradientOf(x);
                       if (!dx.accumulate()) dx.tensor().Zero();
                       const int32_t* const numbers = which.defined() ? which.ints() : nullptr;
                       float* const to = dx.data();
                       const float* const from = dy.data();
                       ParallelFor(rows, size, [&](int64_t m) {
                         const int64_t number = numbers != nullptr ? numbers[m] : m;
                         ForEachLine(shape, patch, number, [&](int64_t pixel, int64_t element) {
                           for (int64_t j = 0; j < patch; ++j)
                             to[pixel + j] += from[m * size + element + j];
                         });
                       });
                     });
}

Tensor KeptPatches(const Tensor& masked, int64_t samples, int64_t patches) {
  const int64_t all = samples * patches;
  Tensor kept = Tensor::Uninitialized({all - masked.size()}, DType::kInt32);
  const int32_t *at = masked.ints(), *const end = at + masked.size();
  int32_t* next = kept.ints();
  for (int64_t i = 0; i < all; ++i) {
    if (at < end && *at == i) {
      ++at;
    } else {
      *next++ = static_cast<int32_t>(i);
    }
  }
  return kept;
}

TokenPlaces TokenPlaces::Of(int64_t tokens) {
  return {Tensor::Uninitialized({tokens}, DType::kInt32),
          Tensor::Uninitialized({tokens}, DType::kInt32)};
}

Var PlaceTokens(Tape& tape, Var x, Var token, Var positions, const TokenPlaces& places) {
  ops_internal::CheckMatrix("PlaceTokens", x);
  const int64_t rows = places.source.size(), columns = x.dim(1);
  Tensor y = Tensor::Uninitialized({rows, columns});
  const float *const beside = token.defined() ? token.value().data() : nullptr,
                     *const all = x.value().data(), *const table = positions.value().data();
  const int32_t *const sources = places.source.ints(), *const place = places.place.ints();
  float* const result = y.data();
  ParallelFor(rows, columns, [&](int64_t r) {
    const int64_t source = sources[r];
    const float* const from = source == kToken ? beside : all + source * columns;
    const float* const at = table + place[r] * columns;
    float* const to = result + r * columns;
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) to[c] = from[c] + at[c];
  });
  return tape.Record(
      "placed tokens", std::move(y), {x, token, positions},
      [&tape, x, token, positions, places, rows, columns](const Tensor& dy) {
        const int32_t *const sources = places.source.ints(), *const place = places.place.ints();
        if (Gradient dx = tape.GradientOf(x); dx.wanted()) {
          if (!dx.accumulate()) dx.tensor().Zero();
          float* const sums = dx.data();
          const float* const terms = dy.data();
          ParallelFor(rows, columns, [&](int64_t r) {
            const int64_t source = sources[r];
            if (source == kToken) return;
            for (int64_t c = 0; c < columns; ++c)
              sums[source * columns + c] += terms[r * columns + c];
          });
        }
        AddToTargets(
            dy, [&](int64_t r) -> int64_t { return sources[r] == kToken ? 0 : -1; },
            tape.GradientOf(token));
        AddToTargets(
            dy, [&](int64_t r) -> int64_t { return place[r]; }, tape.GradientOf(positions));
      });
}

}  // namespace pretext
