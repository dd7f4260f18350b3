// The convolution's definition as direct loops in double precision, to test against.
#pragma once

#include <vector>

#include "kernels/conv/conv.h"

namespace pretext {

// A shape in bfloat16: n, C, height, width, O, kernel, stride, padding.
inline ConvShape Bfloat16Shape(int64_t n, int64_t in, int64_t height, int64_t width, int64_t out,
                               int64_t kernel, int64_t stride, int64_t padding) {
  return {.n = n,
          .in_channels = in,
          .height = height,
          .width = width,
          .out_channels = out,
          .kernel = kernel,
          .stride = stride,
          .padding = padding,
          .bfloat16 = true};
}

// Calls visit(x index, w index, y index) for every product in the sum; row-major indices.
template <class Visit>
void ForEachProduct(const ConvShape& s, Visit visit) {
  const int64_t group_in = s.in_channels / s.groups, group_out = s.out_channels / s.groups;
  for (int64_t n = 0; n < s.n; ++n) {
    for (int64_t o = 0; o < s.out_channels; ++o) {
      for (int64_t i = 0; i < s.out_height(); ++i) {
        for (int64_t j = 0; j < s.out_width(); ++j) {
          for (int64_t c = 0; c < group_in; ++c) {
            for (int64_t k = 0; k < s.kernel; ++k) {
              for (int64_t l = 0; l < s.kernel; ++l) {
                const int64_t row = i * s.stride + k - s.padding,
                              column = j * s.stride + l - s.padding;
                if (row < 0 || row >= s.height || column < 0 || column >= s.width) continue;
                const int64_t channel = o / group_out * group_in + c;
                visit(((n * s.in_channels + channel) * s.height + row) * s.width + column,
                      ((o * group_in + c) * s.kernel + k) * s.kernel + l,
                      ((n * s.out_channels + o) * s.out_height() + i) * s.out_width() + j);
              }
            }
          }
        }
      }
    }
  }
}

inline int64_t InputSize(const ConvShape& s) { return s.n * s.in_channels * s.height * s.width; }
inline int64_t OutputSize(const ConvShape& s) {
  return s.n * s.out_channels * s.out_height() * s.out_width();
}

template <class T>
std::vector<double> ConvForwardReference(const ConvShape& s, const std::vector<T>& x,
                                         const std::vector<T>& w) {
  std::vector<double> y(OutputSize(s));
  ForEachProduct(
      s, [&](int64_t ix, int64_t iw, int64_t iy) { y[iy] += static_cast<double>(x[ix]) * w[iw]; });
  return y;
}

template <class T>
std::vector<double> ConvBackwardDataReference(const ConvShape& s, const std::vector<T>& dy,
                                              const std::vector<T>& w) {
  std::vector<double> dx(InputSize(s));
  ForEachProduct(s, [&](int64_t ix, int64_t iw, int64_t iy) {
    dx[ix] += static_cast<double>(dy[iy]) * w[iw];
  });
  return dx;
}

template <class T>
std::vector<double> ConvBackwardWeightsReference(const ConvShape& s, const std::vector<T>& x,
                                                 const std::vector<T>& dy) {
  std::vector<double> dw(s.weight_size());
  ForEachProduct(s, [&](int64_t ix, int64_t iw, int64_t iy) {
    dw[iw] += static_cast<double>(x[ix]) * dy[iy];
  });
  return dw;
}

}  // namespace pretext
