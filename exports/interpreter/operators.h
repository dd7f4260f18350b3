// The interpreter's operators, a source file a family. T: float or double.
#pragma once

#include "exports/interpreter/array.h"

namespace pretext {

// element_operators.cc: element by element, with NumPy's broadcasting.
template <class T>
absl::StatusOr<Array<T>> Binary(const Call<T>& call);  // Add Sub Mul Div Max
template <class T>
absl::StatusOr<Array<T>> Unary(const Call<T>& call);  // Relu Sigmoid Tanh Erf
template <class T>
absl::StatusOr<Array<T>> Cast(const Call<T>& call);

// row_operators.cc: over the last dimension, over channels, over listed ones.
template <class T>
absl::StatusOr<Array<T>> Softmax(const Call<T>& call);
template <class T>
absl::StatusOr<Array<T>> LayerNormalization(const Call<T>& call);
template <class T>
absl::StatusOr<Array<T>> BatchNormalization(const Call<T>& call);
template <class T>
absl::StatusOr<Array<T>> ReduceSum(const Call<T>& call);
template <class T>
absl::StatusOr<Array<T>> MatMul(const Call<T>& call);

// image_operators.cc
template <class T>
absl::StatusOr<Array<T>> Conv(const Call<T>& call);
template <class T>
absl::StatusOr<Array<T>> ConvTranspose(const Call<T>& call);
template <class T>
absl::StatusOr<Array<T>> MaxPool(const Call<T>& call);
template <class T>
absl::StatusOr<Array<T>> GlobalAveragePool(const Call<T>& call);

// shape_operators.cc
template <class T>
absl::StatusOr<Array<T>> ShapeOf(const Call<T>& call);
template <class T>
absl::StatusOr<Array<T>> Reshape(const Call<T>& call);  // Reshape Flatten Unsqueeze Identity
template <class T>
absl::StatusOr<Array<T>> Transpose(const Call<T>& call);
template <class T>
absl::StatusOr<Array<T>> Gather(const Call<T>& call);
template <class T>
absl::StatusOr<Array<T>> Slice(const Call<T>& call);

}  // namespace pretext
