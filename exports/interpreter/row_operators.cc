#include <cmath>

#include "base/parallel/parallel.h"
#include "exports/interpreter/operators.h"

namespace pretext {

template <class T>
absl::StatusOr<Array<T>> Softmax(const Call<T>& call) {
  Array<T> y = call.in(0);
  const int64_t axis = call.Get("axis", int64_t{-1});
  if (y.dims.empty() || (axis != -1 && axis != y.rank() - 1))
    return call.Wrong("goes over the last dimension alone");
  const int64_t width = y.dims.back();
  for (int64_t row = 0; row < y.size(); row += width) {
    T* const x = y.values.data() + row;
    const T largest = *std::max_element(x, x + width);
    T sum = 0;
    for (int64_t i = 0; i < width; ++i) sum += x[i] = std::exp(x[i] - largest);
    for (int64_t i = 0; i < width; ++i) x[i] /= sum;
  }
  return y;
}

template <class T>
absl::StatusOr<Array<T>> LayerNormalization(const Call<T>& call) {
  Array<T> y = call.in(0);
  const int64_t axis = call.Get("axis", int64_t{-1});
  if (y.dims.empty() || (axis != -1 && axis != y.rank() - 1))
    return call.Wrong("goes over the last dimension alone");
  const int64_t width = y.dims.back();
  if (call.in(1).size() != width || (call.has(2) && call.in(2).size() != width))
    return call.Wrong("scale and shift have another width");
  const T epsilon = static_cast<T>(call.Get("epsilon", 1e-5f));
  for (int64_t row = 0; row < y.size(); row += width) {
    T* const x = y.values.data() + row;
    T mean = 0, variance = 0;
    for (int64_t i = 0; i < width; ++i) mean += x[i];
    mean /= static_cast<T>(width);
    for (int64_t i = 0; i < width; ++i) variance += (x[i] - mean) * (x[i] - mean);
    variance /= static_cast<T>(width);
    for (int64_t i = 0; i < width; ++i) {
      x[i] = (x[i] - mean) / std::sqrt(variance + epsilon) * call.in(1).values[i] +
             (call.has(2) ? call.in(2).values[i] : 0);
    }
  }
  return y;
}

template <class T>
absl::StatusOr<Array<T>> BatchNormalization(const Call<T>& call) {
  Array<T> y = call.in(0);
  if (y.rank() < 2) return call.Wrong("takes batches of channels");
  const int64_t channels = y.dims[1];
  for (size_t i = 1; i <= 4; ++i) {
    if (!call.has(i) || call.in(i).size() != channels)
      return call.Wrong("scale, shift, mean and variance have a number for each channel");
  }
  const T epsilon = static_cast<T>(call.Get("epsilon", 1e-5f));
  const int64_t positions = channels == 0 ? 0 : SizeOf(Dims(y.dims.begin() + 2, y.dims.end()));
  for (int64_t i = 0; i < y.size(); ++i) {
    const int64_t c = i / positions % channels;
    y.values[i] = (y.values[i] - call.in(3).values[c]) / std::sqrt(call.in(4).values[c] + epsilon) *
                      call.in(1).values[c] +
                  call.in(2).values[c];
  }
  return y;
}

template <class T>
absl::StatusOr<Array<T>> ReduceSum(const Call<T>& call) {
  const Array<T>& x = call.in(0);
  if (!call.has(1) || call.in(1).wholes.size() != 1 || call.Get("keepdims", int64_t{1}) != 0)
    return call.Wrong("goes over one dimension, which goes");
  const int64_t axis = call.in(1).wholes[0];
  if (axis < 0 || axis >= x.rank()) return call.Wrong("there is no such dimension");
  Dims dims = x.dims;
  dims.erase(dims.begin() + axis);
  const int64_t length = x.dims[axis],
                inner = SizeOf(Dims(x.dims.begin() + axis + 1, x.dims.end()));
  Array<T> y = Array<T>::Zeros(dims);
  for (int64_t i = 0; i < x.size(); ++i)
    y.values[i / (inner * length) * inner + i % inner] += x.values[i];
  return y;
}

// [..., M, K] times [K, N], or times [..., K, N] with the same dimensions before.
template <class T>
absl::StatusOr<Array<T>> MatMul(const Call<T>& call) {
  const Array<T>&a = call.in(0), &b = call.in(1);
  if (a.rank() < 2 || b.rank() < 2) return call.Wrong("takes matrices");
  const int64_t k = a.dims.back(), n = b.dims.back(), m = a.dims[a.dims.size() - 2];
  const Dims batch(a.dims.begin(), a.dims.end() - 2);
  const bool one = b.rank() == 2;
  if (b.dims[b.dims.size() - 2] != k || (!one && Dims(b.dims.begin(), b.dims.end() - 2) != batch)) {
    return call.Wrong("matrices do not fit");
  }
  Dims dims = batch;
  dims.push_back(m);
  dims.push_back(n);
  Array<T> y = Array<T>::Zeros(dims);
  const int64_t rows = SizeOf(batch) * m;
  ParallelFor(rows, k * n, [&](int64_t row) {
    const T* const right = b.values.data() + (one ? 0 : row / m * k * n);
    T* const to = y.values.data() + row * n;
    for (int64_t i = 0; i < k; ++i) {
      const T factor = a.values[row * k + i];
      for (int64_t j = 0; j < n; ++j) to[j] += factor * right[i * n + j];
    }
  });
  return y;
}

template absl::StatusOr<Array<float>> Softmax(const Call<float>&);
template absl::StatusOr<Array<double>> Softmax(const Call<double>&);
template absl::StatusOr<Array<float>> LayerNormalization(const Call<float>&);
template absl::StatusOr<Array<double>> LayerNormalization(const Call<double>&);
template absl::StatusOr<Array<float>> BatchNormalization(const Call<float>&);
template absl::StatusOr<Array<double>> BatchNormalization(const Call<double>&);
template absl::StatusOr<Array<float>> ReduceSum(const Call<float>&);
template absl::StatusOr<Array<double>> ReduceSum(const Call<double>&);
template absl::StatusOr<Array<float>> MatMul(const Call<float>&);
template absl::StatusOr<Array<double>> MatMul(const Call<double>&);

}  // namespace pretext
