#include <cmath>
#include <limits>

#include "base/parallel/parallel.h"
#include "exports/interpreter/operators.h"

namespace pretext {
namespace {

// A window's geometry, as the attributes of Conv, ConvTranspose and MaxPool give it.
struct Window {
  int64_t kernel_h, kernel_w, stride_h, stride_w, top, left, bottom, right;
  bool good = false;
};

template <class T>
Window WindowOf(const Call<T>& call, const Dims& kernel) {
  const Dims strides = call.Get("strides", Dims{1, 1}), pads = call.Get("pads", Dims(4, 0));
  const Dims named = call.Get("kernel_shape", kernel),
             dilations = call.Get("dilations", Dims{1, 1});
  if (kernel.size() != 2 || named != kernel || strides.size() != 2 || pads.size() != 4 ||
      dilations != Dims{1, 1} || call.Get("group", int64_t{1}) != 1 || strides[0] < 1 ||
      strides[1] < 1) {
    return {};
  }
  return {kernel[0], kernel[1], strides[0], strides[1], pads[0], pads[1], pads[2], pads[3], true};
}

int64_t Out(int64_t in, int64_t before, int64_t after, int64_t kernel, int64_t stride) {
  return (in + before + after - kernel) / stride + 1;
}

// to[i] += factor · from[i · stride] wherever both are: from begins at `offset` before to's first.
template <class T>
void AddRow(T factor, const T* from, int64_t from_size, int64_t offset, int64_t stride, T* to,
            int64_t to_size) {
  for (int64_t i = 0; i < to_size; ++i) {
    const int64_t at = i * stride + offset;
    if (at >= 0 && at < from_size) to[i] += factor * from[at];
  }
}

// The result of a convolution, [N, out, h, v]: planes that begin with the bias, to which
// add(image, c, o, plane) adds what the input's channel c gives to channel o.
template <class T, class Add>
Array<T> Planes(const Call<T>& call, int64_t out, int64_t h, int64_t v, const Add& add) {
  const Array<T>&x = call.in(0), &w = call.in(1);
  const int64_t in = x.dims[1], size = x.dims[2] * x.dims[3];
  Array<T> y = Array<T>::Zeros({x.dims[0], out, h, v});
  // The kernel meets each pixel of the smaller image: a convolution's result, or the input of a
  // transposed one.
  const int64_t cost = in * std::min(size, h * v) * w.dims[2] * w.dims[3];
  ParallelFor(x.dims[0] * out, cost, [&](int64_t i) {
    const int64_t n = i / out, o = i % out;
    T* const plane = y.values.data() + i * h * v;
    if (call.has(2)) std::fill_n(plane, h * v, call.in(2).values[o]);
    for (int64_t c = 0; c < in; ++c) add(x.values.data() + (n * in + c) * size, c, o, plane);
  });
  return y;
}

}  // namespace

template <class T>
absl::StatusOr<Array<T>> Conv(const Call<T>& call) {
  const Array<T>&x = call.in(0), &w = call.in(1);
  if (x.rank() != 4 || w.rank() != 4 || x.dims[1] != w.dims[1] ||
      (call.has(2) && call.in(2).size() != w.dims[0])) {
    return call.Wrong("images and kernels do not fit");
  }
  const Window window = WindowOf(call, {w.dims[2], w.dims[3]});
  if (!window.good) return call.Wrong("an attribute that is not known here");
  const int64_t in = x.dims[1], out = w.dims[0], height = x.dims[2], width = x.dims[3];
  const int64_t h = Out(height, window.top, window.bottom, window.kernel_h, window.stride_h),
                v = Out(width, window.left, window.right, window.kernel_w, window.stride_w);
  if (h < 1 || v < 1) return call.Wrong("the image is smaller than the kernel");
  return Planes<T>(call, out, h, v, [&](const T* image, int64_t c, int64_t o, T* plane) {
    const T* const kernel = w.values.data() + (o * in + c) * window.kernel_h * window.kernel_w;
    for (int64_t i = 0; i < h; ++i) {
      for (int64_t kh = 0; kh < window.kernel_h; ++kh) {
        const int64_t row = i * window.stride_h + kh - window.top;
        if (row < 0 || row >= height) continue;
        for (int64_t kw = 0; kw < window.kernel_w; ++kw) {
          AddRow(kernel[kh * window.kernel_w + kw], image + row * width, width, kw - window.left,
                 window.stride_w, plane + i * v, v);
        }
      }
    }
  });
}

template <class T>
absl::StatusOr<Array<T>> ConvTranspose(const Call<T>& call) {
  const Array<T>&x = call.in(0), &w = call.in(1);
  if (x.rank() != 4 || w.rank() != 4 || x.dims[1] != w.dims[0] ||
      (call.has(2) && call.in(2).size() != w.dims[1])) {
    return call.Wrong("images and kernels do not fit");
  }
  const Window window = WindowOf(call, {w.dims[2], w.dims[3]});
  const Dims added = call.Get("output_padding", Dims{0, 0});
  if (!window.good || added.size() != 2) return call.Wrong("an attribute that is not known here");
  const int64_t out = w.dims[1], height = x.dims[2], width = x.dims[3];
  const int64_t h = (height - 1) * window.stride_h + added[0] + window.kernel_h - window.top -
                    window.bottom,
                v = (width - 1) * window.stride_w + added[1] + window.kernel_w - window.left -
                    window.right;
  if (h < 1 || v < 1) return call.Wrong("nothing is left of the image");
  return Planes<T>(call, out, h, v, [&](const T* image, int64_t c, int64_t o, T* plane) {
    const T* const kernel = w.values.data() + (c * out + o) * window.kernel_h * window.kernel_w;
    for (int64_t i = 0; i < height; ++i) {
      for (int64_t j = 0; j < width; ++j) {
        for (int64_t k = 0; k < window.kernel_h * window.kernel_w; ++k) {
          const int64_t row = i * window.stride_h + k / window.kernel_w - window.top,
                        column = j * window.stride_w + k % window.kernel_w - window.left;
          if (row >= 0 && row < h && column >= 0 && column < v)
            plane[row * v + column] += image[i * width + j] * kernel[k];
        }
      }
    }
  });
}

template <class T>
absl::StatusOr<Array<T>> MaxPool(const Call<T>& call) {
  const Array<T>& x = call.in(0);
  const Window window = WindowOf(call, call.Get("kernel_shape", Dims{}));
  if (x.rank() != 4 || !window.good || call.Get("ceil_mode", int64_t{0}) != 0)
    return call.Wrong("an attribute that is not known here");
  const int64_t height = x.dims[2], width = x.dims[3];
  const int64_t h = Out(height, window.top, window.bottom, window.kernel_h, window.stride_h),
                v = Out(width, window.left, window.right, window.kernel_w, window.stride_w);
  if (h < 1 || v < 1) return call.Wrong("the image is smaller than the window");
  Array<T> y = Array<T>::Zeros({x.dims[0], x.dims[1], h, v});
  for (int64_t i = 0; i < y.size(); ++i) {
    const T* const image = x.values.data() + i / (h * v) * height * width;
    const int64_t top = i / v % h * window.stride_h - window.top,
                  left = i % v * window.stride_w - window.left;
    T largest = -std::numeric_limits<T>::infinity();
    for (int64_t row = std::max<int64_t>(top, 0); row < std::min(top + window.kernel_h, height);
         ++row) {
      for (int64_t column = std::max<int64_t>(left, 0);
           column < std::min(left + window.kernel_w, width); ++column) {
        const T value = image[row * width + column];
        if (value > largest || std::isnan(value)) largest = value;
      }
    }
    y.values[i] = largest;
  }
  return y;
}

template <class T>
absl::StatusOr<Array<T>> GlobalAveragePool(const Call<T>& call) {
  const Array<T>& x = call.in(0);
  if (x.rank() != 4) return call.Wrong("takes images");
  const int64_t positions = x.dims[2] * x.dims[3];
  Array<T> y = Array<T>::Zeros({x.dims[0], x.dims[1], 1, 1});
  for (int64_t i = 0; i < x.size(); ++i) y.values[i / positions] += x.values[i];
  for (T& value : y.values) value /= static_cast<T>(positions);
  return y;
}

template absl::StatusOr<Array<float>> Conv(const Call<float>&);
template absl::StatusOr<Array<double>> Conv(const Call<double>&);
template absl::StatusOr<Array<float>> ConvTranspose(const Call<float>&);
template absl::StatusOr<Array<double>> ConvTranspose(const Call<double>&);
template absl::StatusOr<Array<float>> MaxPool(const Call<float>&);
template absl::StatusOr<Array<double>> MaxPool(const Call<double>&);
template absl::StatusOr<Array<float>> GlobalAveragePool(const Call<float>&);
template absl::StatusOr<Array<double>> GlobalAveragePool(const Call<double>&);

}  // namespace pretext
