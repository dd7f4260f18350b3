// What the sources of this folder share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/autograd/autograd.h"

namespace pretext::ops_internal {

// Elements from which a loop is worth the other threads.
inline constexpr int64_t kParallel = 1 << 15;

// function(i) for every i below n, in any order.
template <class Function>
void ForEach(int64_t n, const Function& function) {
#pragma omp parallel for simd schedule(static) if (n >= kParallel)
  for (int64_t i = 0; i < n; ++i) function(i);
}

// function(r) for every row of a matrix, in any order.
template <class Function>
void ForEachRow(int64_t rows, int64_t columns, const Function& function) {
#pragma omp parallel for schedule(static) if (rows * columns >= kParallel)
  for (int64_t r = 0; r < rows; ++r) function(r);
}

// Σ a_i b_i in double, by one thread.
inline double Dot(int64_t n, const float* a, const float* b) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// Adds slope(i) to every element of the gradient of x, if that is wanted.
template <class Slope>
void AddToGradient(Tape& tape, Var x, const Slope& slope) {
  Gradient gradient = tape.GradientOf(x);
  if (!gradient.wanted()) return;
  float* const dx = gradient.data();
  const int64_t n = gradient.tensor().size();
  if (gradient.accumulate()) {
    ForEach(n, [&](int64_t i) { dx[i] += slope(i); });
  } else {
    ForEach(n, [&](int64_t i) { dx[i] = slope(i); });
  }
}

// Σ term(i) over i below n in double: blocks of a fixed size, added in their order.
template <class Term>
double BlockSum(int64_t n, const Term& term) {
  constexpr int64_t kBlock = 1 << 12;
  const int64_t blocks = (n + kBlock - 1) / kBlock;
  std::vector<double> sums(static_cast<size_t>(blocks));
#pragma omp parallel for schedule(static) if (n >= kParallel)
  for (int64_t b = 0; b < blocks; ++b) {
    double sum = 0;
    const int64_t end = std::min(n, (b + 1) * kBlock);
#pragma omp simd reduction(+ : sum)
    for (int64_t i = b * kBlock; i < end; ++i) sum += term(i);
    sums[static_cast<size_t>(b)] = sum;
  }
  double total = 0;
  for (double sum : sums) total += sum;
  return total;
}

// Aborts with "OPERATION takes WHAT; it is given 3×4 and 5" (b may be undefined) unless good.
void CheckShapes(bool good, const char* operation, const char* what, Var a, Var b = Var());
// The same for a matrix with at least one row.
void CheckMatrix(const char* operation, Var x);

}  // namespace pretext::ops_internal
