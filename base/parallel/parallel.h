// Loops shared among the OpenMP threads, and the one rule for when there is enough to share.
//
//   ParallelFor(rows, 2 * columns, [&](int64_t r) { … });
//   ParallelBlocks(n, 4096, 1, [&](int64_t begin, int64_t end) { … });
//   double sum = ParallelSum(n, 4096, 1, [&](int64_t begin, int64_t end) { …; return part; });
//
// The caller says what an item costs. The unit is a float of a long array that is read, changed by
// a few operations and written; an exponential, a square root or a sum in double makes it two, a
// row costs its columns. Only the order of size counts.
//
// What an item or a block gives must not depend on others: then the bits do not depend on the
// threads, and neither do those of a sum, whose blocks are cut by `block` alone and added in their
// order. From inside a parallel region a loop stays on its thread.
//
// Not for loops over what is long by itself (files, documents, samples with their augmentations),
// which are worth a team at any number; nor where an item calls a library's product, which on one
// thread would wake a team of its own: those loops always have one, and say so.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace pretext {

// The cost from which a team is worth waking: 32768 floats. Between what a team costs that spins
// between regions and one that sleeps; chosen, not tuned (bench/kernels shows loops on both sides).
inline constexpr int64_t kWorthATeam = 1 << 15;

// Whether items of that cost each are worth a team; one alone never is.
constexpr bool WorthATeam(int64_t items, int64_t cost) {
  return items > 1 && items * cost >= kWorthATeam;
}

// body(i) for 0 <= i < items, each thread a share of neighbours.
template <class Body>
void ParallelFor(int64_t items, int64_t cost, const Body& body) {
#pragma omp parallel for schedule(static) if (WorthATeam(items, cost))
  for (int64_t i = 0; i < items; ++i) body(i);
}

// The same for items of which some cost much more than others: `chunk` neighbours at a time, to
// whichever thread is free. `cost` is the mean.
template <class Body>
void ParallelForUneven(int64_t items, int64_t chunk, int64_t cost, const Body& body) {
#pragma omp parallel for schedule(dynamic, chunk) if (WorthATeam(items, cost))
  for (int64_t i = 0; i < items; ++i) body(i);
}

// body(begin, end) for the blocks of [0, items): `block` items, the last perhaps fewer.
template <class Body>
void ParallelBlocks(int64_t items, int64_t block, int64_t cost, const Body& body) {
  ParallelFor((items + block - 1) / block, block * cost,
              [&](int64_t b) { body(b * block, std::min(items, (b + 1) * block)); });
}

// body(i) for 0 <= i < items, each a float of an array: in blocks, and in a block by vectors.
template <class Body>
void ParallelElements(int64_t items, const Body& body) {
  ParallelBlocks(items, 1 << 12, 1, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) body(i);
  });
}

// The sum of body(begin, end), a double, over these blocks, in their order.
template <class Body>
double ParallelSum(int64_t items, int64_t block, int64_t cost, const Body& body) {
  std::vector<double> sums(static_cast<size_t>((items + block - 1) / block));
  ParallelBlocks(items, block, cost, [&](int64_t begin, int64_t end) {
    sums[static_cast<size_t>(begin / block)] = body(begin, end);
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace pretext
