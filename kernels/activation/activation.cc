#include "kernels/activation/activation.h"

#include <algorithm>

#include "base/parallel/parallel.h"
#include "kernels/activation/activation_functions.h"

namespace pretext {
namespace {

using activation_internal::Dispatch;

constexpr int64_t kBlock = 4096;  // elements a thread takes at a time
constexpr int64_t kCost = 2;      // of an element: an exponential

template <class Body>
void ForBlocks(int64_t n, const Body& body) {
  ParallelBlocks(n, kBlock, kCost, body);
}

}  // namespace

void ActivationForward(Activation activation, int64_t n, const float* x, float* y) {
  Dispatch(activation, [&](auto f) {
    ForBlocks(n, [=](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) y[i] = f.Value(x[i]);
    });
  });
}

void ActivationBackward(Activation activation, int64_t n, const float* saved, const float* dy,
                        float* dx) {
  Dispatch(activation, [&](auto f) {
    ForBlocks(n, [=](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) dx[i] = dy[i] * f.Slope(saved[i]);
    });
  });
}

void ActivationAgain(Activation activation, int64_t n, const float* x, float* y, float* d) {
  Dispatch(activation, [&](auto f) {
    ForBlocks(n, [=](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) {
        const float input = x[i];
        const float output = f.Value(input);
        y[i] = output;
        d[i] *= f.Slope(f.kFromOutput ? output : input);
      }
    });
  });
}

void BiasActivationForward(Activation activation, int64_t rows, int64_t columns, const float* x,
                           const float* bias, float* sum, float* y) {
  Dispatch(activation, [&](auto f) {
    const int64_t rows_a_block = std::max<int64_t>(1, kBlock / std::max<int64_t>(1, columns));
    ParallelBlocks(rows, rows_a_block, kCost * columns, [&](int64_t first, int64_t last) {
      for (int64_t r = first; r < last; ++r) {
        const float* row = x + r * columns;
        float* out = y + r * columns;
        if (sum == nullptr) {
#pragma omp simd
          for (int64_t c = 0; c < columns; ++c) out[c] = f.Value(row[c] + bias[c]);
        } else {
          float* kept = sum + r * columns;
#pragma omp simd
          for (int64_t c = 0; c < columns; ++c) {
            const float s = row[c] + bias[c];
            kept[c] = s;
            out[c] = f.Value(s);
          }
        }
      }
    });
  });
}

}  // namespace pretext
