#include <cmath>

#include "exports/interpreter/operators.h"

namespace pretext {
namespace {

template <class T>
T Apply(const std::string& op, T a, T b) {
  if (op == "Add") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  if (op == "Div") return a / b;
  return a > b || std::isnan(a) ? a : b;  // Max
}

template <class T>
T Apply(const std::string& op, T x) {
  if (op == "Relu") return x > 0 || std::isnan(x) ? x : 0;
  if (op == "Sigmoid") return 1 / (1 + std::exp(-x));
  if (op == "Tanh") return std::tanh(x);
  return std::erf(x);
}

// A step in elements for each dimension of a result of `rank`: 0 where this one is repeated.
Dims Steps(const Dims& dims, size_t rank) {
  Dims steps(rank, 0);
  int64_t step = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    const size_t at = dims.size() - 1 - i;
    if (dims[at] != 1) steps[rank - 1 - i] = step;
    step *= dims[at];
  }
  return steps;
}

}  // namespace

template <class T>
absl::StatusOr<Array<T>> Binary(const Call<T>& call) {
  const Array<T>&a = call.in(0), &b = call.in(1);
  if (a.whole || b.whole) return call.Wrong("takes floating-point numbers here");
  const size_t rank = std::max(a.dims.size(), b.dims.size());
  Dims dims(rank, 1);
  for (size_t i = 0; i < rank; ++i) {
    const auto dim = [&](const Array<T>& x) {
      return i < x.dims.size() ? x.dims[x.dims.size() - 1 - i] : 1;
    };
    if (dim(a) != dim(b) && dim(a) != 1 && dim(b) != 1) return call.Wrong("shapes do not fit");
    dims[rank - 1 - i] = dim(a) == 1 ? dim(b) : dim(a);
  }
  const Dims step_a = Steps(a.dims, rank), step_b = Steps(b.dims, rank);
  Array<T> y = Array<T>::Zeros(dims);
  for (int64_t i = 0; i < y.size(); ++i) {
    int64_t rest = i, at_a = 0, at_b = 0;
    for (size_t d = rank; d-- > 0;) {
      const int64_t index = rest % dims[d];
      rest /= dims[d];
      at_a += index * step_a[d];
      at_b += index * step_b[d];
    }
    y.values[i] = Apply(call.node.op, a.values[at_a], b.values[at_b]);
  }
  return y;
}

template <class T>
absl::StatusOr<Array<T>> Unary(const Call<T>& call) {
  if (call.in(0).whole) return call.Wrong("takes floating-point numbers");
  Array<T> y = call.in(0);
  for (T& value : y.values) value = Apply(call.node.op, value);
  return y;
}

template <class T>
absl::StatusOr<Array<T>> Cast(const Call<T>& call) {
  constexpr int64_t kFloat = 1;
  if (call.Get("to", int64_t{0}) != kFloat) return call.Wrong("casts to float32 alone");
  if (!call.in(0).whole) return call.in(0);
  Array<T> y{.dims = call.in(0).dims};
  for (const int64_t value : call.in(0).wholes) y.values.push_back(static_cast<T>(value));
  return y;
}

template absl::StatusOr<Array<float>> Binary(const Call<float>&);
template absl::StatusOr<Array<double>> Binary(const Call<double>&);
template absl::StatusOr<Array<float>> Unary(const Call<float>&);
template absl::StatusOr<Array<double>> Unary(const Call<double>&);
template absl::StatusOr<Array<float>> Cast(const Call<float>&);
template absl::StatusOr<Array<double>> Cast(const Call<double>&);

}  // namespace pretext
