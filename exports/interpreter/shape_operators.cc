#include "exports/interpreter/operators.h"

namespace pretext {
namespace {

// y's elements one after another, each x's at place(i).
template <class T, class Place>
Array<T> Picked(const Array<T>& x, Dims dims, Place&& place) {
  Array<T> y{.dims = std::move(dims), .whole = x.whole};
  const int64_t size = y.size();
  for (int64_t i = 0; i < size; ++i) {
    if (x.whole) {
      y.wholes.push_back(x.wholes[place(i)]);
    } else {
      y.values.push_back(x.values[place(i)]);
    }
  }
  return y;
}

}  // namespace

template <class T>
absl::StatusOr<Array<T>> ShapeOf(const Call<T>& call) {
  Array<T> y{.dims = {call.in(0).rank()}, .whole = true};
  y.wholes = call.in(0).dims;
  return y;
}

template <class T>
absl::StatusOr<Array<T>> Reshape(const Call<T>& call) {
  Array<T> y = call.in(0);
  const Dims from = y.dims;
  if (call.node.op == "Flatten") {
    if (call.Get("axis", int64_t{1}) != 1 || from.empty()) return call.Wrong("keeps the batch");
    y.dims = {from[0], SizeOf(Dims(from.begin() + 1, from.end()))};
  } else if (call.node.op == "Unsqueeze") {
    for (const int64_t axis : call.in(1).wholes) {
      if (axis < 0 || axis > y.rank()) return call.Wrong("there is no such dimension");
      y.dims.insert(y.dims.begin() + axis, 1);
    }
  } else if (call.node.op == "Reshape") {
    y.dims = call.in(1).wholes;
    int64_t known = 1, free = -1;
    for (size_t i = 0; i < y.dims.size(); ++i) {
      if (y.dims[i] == 0 && i < from.size()) y.dims[i] = from[i];  // as it was
      if (y.dims[i] == -1) {
        free = static_cast<int64_t>(i);
      } else {
        known *= y.dims[i];
      }
    }
    if (free >= 0 && known > 0) y.dims[free] = SizeOf(from) / known;
    if (SizeOf(y.dims) != SizeOf(from)) return call.Wrong("another number of elements");
  }
  return y;
}

template <class T>
absl::StatusOr<Array<T>> Transpose(const Call<T>& call) {
  const Array<T>& x = call.in(0);
  const Dims perm = call.Get("perm", Dims{});
  const size_t rank = x.dims.size();
  Dims sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < rank; ++i) {
    if (sorted.size() != rank || sorted[i] != static_cast<int64_t>(i))
      return call.Wrong("perm names every dimension once");
  }
  Dims steps(rank, 1), dims(rank);
  for (size_t i = rank; i-- > 1;) steps[i - 1] = steps[i] * x.dims[i];
  for (size_t i = 0; i < rank; ++i) dims[i] = x.dims[perm[i]];
  return Picked(x, dims, [&](int64_t i) {
    int64_t at = 0;
    for (size_t d = rank; d-- > 0; i /= dims[d]) at += i % dims[d] * steps[perm[d]];
    return at;
  });
}

template <class T>
absl::StatusOr<Array<T>> Gather(const Call<T>& call) {
  const Array<T>&x = call.in(0), &indices = call.in(1);
  const int64_t axis = call.Get("axis", int64_t{0});
  if (axis < 0 || axis >= x.rank() || !indices.whole)
    return call.Wrong("there is no such dimension");
  const int64_t length = x.dims[axis];
  for (const int64_t index : indices.wholes) {
    if (index < 0 || index >= length)
      return call.Wrong(absl::StrCat("index ", index, " of ", length));
  }
  Dims dims(x.dims.begin(), x.dims.begin() + axis);
  dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
  dims.insert(dims.end(), x.dims.begin() + axis + 1, x.dims.end());
  const int64_t inner = SizeOf(Dims(x.dims.begin() + axis + 1, x.dims.end())),
                count = indices.size();
  return Picked(x, dims, [&](int64_t i) {
    return (i / (inner * count) * length + indices.wholes[i / inner % count]) * inner + i % inner;
  });
}

// The first dimension, from a start to an end.
template <class T>
absl::StatusOr<Array<T>> Slice(const Call<T>& call) {
  const Array<T>& x = call.in(0);
  if (x.dims.empty() || !call.has(3) || call.in(3).wholes != Dims{0} ||
      call.in(1).wholes.size() != 1 || call.in(2).wholes.size() != 1 || call.has(4)) {
    return call.Wrong("takes rows, from one to another, alone");
  }
  const int64_t begin = call.in(1).wholes[0], end = std::min(call.in(2).wholes[0], x.dims[0]);
  if (begin < 0 || end < begin) return call.Wrong("the end is before the start");
  Dims dims = x.dims;
  dims[0] = end - begin;
  const int64_t first = begin * SizeOf(Dims(x.dims.begin() + 1, x.dims.end()));
  return Picked(x, dims, [&](int64_t i) { return first + i; });
}

template absl::StatusOr<Array<float>> ShapeOf(const Call<float>&);
template absl::StatusOr<Array<double>> ShapeOf(const Call<double>&);
template absl::StatusOr<Array<float>> Reshape(const Call<float>&);
template absl::StatusOr<Array<double>> Reshape(const Call<double>&);
template absl::StatusOr<Array<float>> Transpose(const Call<float>&);
template absl::StatusOr<Array<double>> Transpose(const Call<double>&);
template absl::StatusOr<Array<float>> Gather(const Call<float>&);
template absl::StatusOr<Array<double>> Gather(const Call<double>&);
template absl::StatusOr<Array<float>> Slice(const Call<float>&);
template absl::StatusOr<Array<double>> Slice(const Call<double>&);

}  // namespace pretext
