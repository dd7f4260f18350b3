// Computes a graph node by node, by the definitions of ONNX's operators (opset 17) and nothing
// else: no kernel, layout or fusion of the rest of the program is in it, so that it is a second
// opinion. In double precision it is what a graph means, in single what rounding makes of it.
//
// Known: Add Sub Mul Div Max, Relu Sigmoid Tanh Erf, Softmax and LayerNormalization over the last
// dimension, BatchNormalization (inference), MatMul, Conv and ConvTranspose of one group, MaxPool,
// GlobalAveragePool, Cast Identity Shape Reshape Flatten Transpose Unsqueeze Gather Slice
// ReduceSum.
#pragma once

#include <map>
#include <string>

#include "exports/interpreter/array.h"

namespace pretext {

template <class T>
using Arrays = std::map<std::string, Array<T>>;

// The graph's outputs. InvalidArgument names the node: an operator or an attribute that is not
// known, shapes that do not fit; or an input that is missing or of another shape than the graph
// declares. T: float or double.
template <class T>
absl::StatusOr<Arrays<T>> Interpret(const Graph& graph, Arrays<T> inputs);

extern template absl::StatusOr<Arrays<float>> Interpret(const Graph&, Arrays<float>);
extern template absl::StatusOr<Arrays<double>> Interpret(const Graph&, Arrays<double>);

}  // namespace pretext
