// Writes a graph node by node. Every function returns the name of the value that it adds.
//
//   GraphBuilder graph;
//   const std::string x =
//       graph.Input({.name = "pixel_values", .axes = {"batch", "3", "32", "32"}});
//   const std::string y =
//       graph.Activate(graph.Linear(x, "dense", weight, bias), Activation::kRelu);
//   graph.Output({.name = "features", .axes = {"batch", "64"}}, y);
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/graph/graph.h"
#include "kernels/activation/activation.h"

namespace pretext {

class GraphBuilder {
 public:
  using Attributes = std::map<std::string, GraphAttribute>;

  std::string Input(GraphValue value);
  // Gives a value the name of an output.
  void Output(GraphValue value, const std::string& from);

  // A constant under its name, which is used once; int32 tensors are int64 in the graph.
  std::string Constant(const std::string& name, const Tensor& tensor);
  std::string Scalar(float value);
  std::string Wholes(const std::vector<int64_t>& list);  // [n] int64
  std::string Whole(int64_t value);                      // a scalar, int64

  // A node of one output.
  std::string Node(const std::string& op, const std::vector<std::string>& inputs,
                   const Attributes& attributes = {});

  // What follows is made of these.

  // x Wᵀ + b over the last dimension of x. weight [out, in]; bias [out], or undefined. The names
  // are those of the constants.
  std::string Linear(const std::string& x, const std::string& name, const Tensor& weight,
                     const Tensor& bias);
  std::string Activate(const std::string& x, Activation activation);
  // Over the last dimension.
  std::string LayerNorm(const std::string& x, const std::string& name, const Tensor& scale,
                        const Tensor& shift, float epsilon);
  // x * w + b, zeros of `padding` on every side; bias [O], or undefined.
  std::string Conv(const std::string& x, const std::string& name, const Tensor& weight,
                   const Tensor& bias, int64_t stride, int64_t padding);

  const Graph& graph() const { return graph_; }
  Graph Take() { return std::move(graph_); }

 private:
  Graph graph_;
  int64_t made_ = 0;  // values that were given a name
};

// The running statistics and parameters of a batch normalisation; scale and shift may be undefined:
// 1 and 0.
struct GraphBatchNorm {
  Tensor scale, shift, mean, variance;
  float epsilon = 1e-5f;
};

// A linear map or a convolution with what it gives normalised: w'ₒ = wₒ γₒ / √(σ²ₒ + ε), b'ₒ =
// (bₒ - μₒ) γₒ / √(σ²ₒ + ε) + βₒ, in double precision. Output channels are the weight's dimension
// `axis`.
struct FoldedWeights {
  Tensor weight, bias;
};
FoldedWeights FoldBatchNorm(const Tensor& weight, const Tensor& bias, const GraphBatchNorm& norm,
                            int axis = 0);

}  // namespace pretext
