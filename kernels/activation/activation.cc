#include "kernels/activation/activation.h"

#include <algorithm>

#include "kernels/activation/activation_functions.h"

namespace pretext {
namespace {

using activation_internal::Dispatch;

constexpr int64_t kBlock = 4096;           // elements a thread takes at a time
constexpr int64_t kParallel = 4 * kBlock;  // from here on the threads are worth waking

// body(begin, end) over [0, n) in blocks.
template <class Body>
void ForBlocks(int64_t n, Body body) {
#pragma omp parallel for schedule(static) if (n >= kParallel)
  for (int64_t begin = 0; begin < n; begin += kBlock) body(begin, std::min(n, begin + kBlock));
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
#pragma omp parallel for schedule(static) if (rows * columns >= kParallel)
    for (int64_t first = 0; first < rows; first += rows_a_block) {
      const int64_t last = std::min(rows, first + rows_a_block);
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
    }
  });
}

}  // namespace pretext
