#include "core/graph/graph_builder.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/check/check.h"

namespace pretext {
namespace {

// [out, in] to [in, out].
Tensor Transposed(const Tensor& weight) {
  const int64_t out = weight.dim(0), in = weight.dim(1);
  Tensor result = Tensor::Uninitialized({in, out});
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t i = 0; i < in; ++i) result.data()[i * out + o] = weight.data()[o * in + i];
  }
  return result;
}

}  // namespace

std::string GraphBuilder::Input(GraphValue value) {
  graph_.inputs.push_back(value);
  return value.name;
}

void GraphBuilder::Output(GraphValue value, const std::string& from) {
  graph_.nodes.push_back({.op = "Identity", .inputs = {from}, .outputs = {value.name}});
  graph_.outputs.push_back(std::move(value));
}

std::string GraphBuilder::Constant(const std::string& name, const Tensor& tensor) {
  for (const NamedTensor& constant : graph_.constants)
    PRETEXT_CHECK(constant.name != name, "a constant's name is used once in a graph");
  graph_.constants.push_back({name, tensor.Plain(), tensor.dtype() == DType::kInt32});
  return name;
}

std::string GraphBuilder::Scalar(float value) {
  return Constant(absl::StrCat("scalar_", made_++), Tensor::Full(Shape(), value));
}

std::string GraphBuilder::Wholes(const std::vector<int64_t>& list) {
  Tensor tensor = Tensor::Zeros({static_cast<int64_t>(list.size())}, DType::kInt32);
  for (size_t i = 0; i < list.size(); ++i) tensor.ints()[i] = static_cast<int32_t>(list[i]);
  return Constant(absl::StrCat("wholes_", made_++), tensor);
}

std::string GraphBuilder::Whole(int64_t value) {
  Tensor tensor = Tensor::Zeros(Shape(), DType::kInt32);
  tensor.ints()[0] = static_cast<int32_t>(value);
  return Constant(absl::StrCat("whole_", made_++), tensor);
}

std::string GraphBuilder::Node(const std::string& op, const std::vector<std::string>& inputs,
                               const Attributes& attributes) {
  const std::string name = absl::StrCat(op, "_", made_++);
  graph_.nodes.push_back({.op = op, .inputs = inputs, .outputs = {name}, .attributes = attributes});
  return name;
}

std::string GraphBuilder::Linear(const std::string& x, const std::string& name,
                                 const Tensor& weight, const Tensor& bias) {
  const std::string y = Node("MatMul", {x, Constant(name + ".weight", Transposed(weight.Plain()))});
  return bias.defined() ? Node("Add", {y, Constant(name + ".bias", bias)}) : y;
}

std::string GraphBuilder::Activate(const std::string& x, Activation activation) {
  switch (activation) {
    case Activation::kIdentity:
      return x;
    case Activation::kRelu:
      return Node("Relu", {x});
    case Activation::kSigmoid:
      return Node("Sigmoid", {x});
    case Activation::kTanh:
      return Node("Tanh", {x});
    case Activation::kGelu: {  // opset 17 has no operator for it
      const std::string erf =
          Node("Erf", {Node("Mul", {x, Scalar(static_cast<float>(std::sqrt(0.5)))})});
      return Node("Mul", {Node("Mul", {x, Scalar(0.5f)}), Node("Add", {erf, Scalar(1)})});
    }
    case Activation::kGeluTanh: {
      const std::string cube = Node("Mul", {Node("Mul", {x, x}), x});
      const std::string inner = Node("Add", {x, Node("Mul", {cube, Scalar(0.044715f)})});
      const std::string tanh =
          Node("Tanh", {Node("Mul", {inner, Scalar(static_cast<float>(std::sqrt(2 / M_PI)))})});
      return Node("Mul", {Node("Mul", {x, Scalar(0.5f)}), Node("Add", {tanh, Scalar(1)})});
    }
  }
  return x;
}

std::string GraphBuilder::LayerNorm(const std::string& x, const std::string& name,
                                    const Tensor& scale, const Tensor& shift, float epsilon) {
  return Node("LayerNormalization",
              {x, Constant(name + ".weight", scale), Constant(name + ".bias", shift)},
              {{"axis", int64_t{-1}}, {"epsilon", epsilon}});
}

std::string GraphBuilder::Conv(const std::string& x, const std::string& name, const Tensor& weight,
                               const Tensor& bias, int64_t stride, int64_t padding) {
  std::vector<std::string> inputs = {x, Constant(name + ".weight", weight)};
  if (bias.defined()) inputs.push_back(Constant(name + ".bias", bias));
  return Node("Conv", inputs,
              {{"kernel_shape", std::vector<int64_t>{weight.dim(2), weight.dim(3)}},
               {"strides", std::vector<int64_t>{stride, stride}},
               {"pads", std::vector<int64_t>(4, padding)}});
}

FoldedWeights FoldBatchNorm(const Tensor& weight, const Tensor& bias, const GraphBatchNorm& norm,
                            int axis) {
  const Tensor plain = weight.Plain();
  FoldedWeights folded{Tensor::Uninitialized(plain.shape()),
                       Tensor::Uninitialized({plain.dim(axis)})};
  int64_t inner = 1;
  for (int i = axis + 1; i < plain.rank(); ++i) inner *= plain.dim(i);
  const int64_t channels = plain.dim(axis);
  std::vector<double> factor(static_cast<size_t>(channels));
  for (int64_t c = 0; c < channels; ++c) {
    const double scale = norm.scale.defined() ? norm.scale.data()[c] : 1;
    const double shift = norm.shift.defined() ? norm.shift.data()[c] : 0;
    const double before = bias.defined() ? bias.data()[c] : 0;
    factor[c] = scale / std::sqrt(double{norm.variance.data()[c]} + double{norm.epsilon});
    folded.bias.data()[c] = static_cast<float>((before - norm.mean.data()[c]) * factor[c] + shift);
  }
  for (int64_t i = 0; i < plain.size(); ++i)
    folded.weight.data()[i] = static_cast<float>(plain.data()[i] * factor[i / inner % channels]);
  return folded;
}

}  // namespace pretext
