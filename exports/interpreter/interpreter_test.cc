#include "exports/interpreter/interpreter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/autograd/gradient_check.h"
#include "core/graph/graph_builder.h"
#include "kernels/conv/conv_reference.h"

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Array<double> Values(Dims dims, std::vector<double> values) {
  return {.dims = std::move(dims), .values = std::move(values)};
}
Array<double> Numbers(Dims dims, std::vector<int64_t> wholes) {
  return {.dims = std::move(dims), .whole = true, .wholes = std::move(wholes)};
}
Array<double> RandomValues(const Shape& shape, uint64_t number) {
  return Values(Dims(shape.begin(), shape.end()), ToDoubles(RandomTensor(shape, number)));
}

// One node over inputs "0", "1", …; whole ones are constants.
absl::StatusOr<Array<double>> Computed(const std::string& op,
                                       const std::vector<Array<double>>& inputs,
                                       const GraphBuilder::Attributes& attributes = {}) {
  GraphBuilder graph;
  Arrays<double> given;
  std::vector<std::string> names;
  for (size_t i = 0; i < inputs.size(); ++i) {
    GraphValue value{.name = std::to_string(i), .whole = inputs[i].whole};
    for (const int64_t dim : inputs[i].dims) value.axes.push_back(std::to_string(dim));
    names.push_back(graph.Input(value));
    given[names.back()] = inputs[i];
  }
  graph.Output({.name = "y"}, graph.Node(op, names, attributes));
  auto outputs = Interpret<double>(graph.graph(), given);
  if (!outputs.ok()) return outputs.status();
  return outputs->at("y");
}

std::vector<double> Result(const std::string& op, const std::vector<Array<double>>& inputs,
                           const GraphBuilder::Attributes& attributes = {}) {
  const auto y = Computed(op, inputs, attributes);
  EXPECT_TRUE(y.ok()) << y.status();
  return y.ok() ? y->values : std::vector<double>();
}

TEST(Interpreter, Broadcasting) {
  const auto x = Values({2, 1, 3}, {1, 2, 3, 4, 5, 6}), y = Values({2, 1}, {10, 100});
  EXPECT_THAT(Result("Add", {x, y}),
              ElementsAre(11, 12, 13, 101, 102, 103, 14, 15, 16, 104, 105, 106));
  EXPECT_THAT(Result("Sub", {x, Values({}, {1})}), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(Result("Div", {Values({1}, {6}), Values({2}, {2, 3})}), ElementsAre(3, 2));
  EXPECT_THAT(Result("Max", {Values({2}, {6, NAN}), Values({1}, {7})}),
              ElementsAre(7, testing::IsNan()));
  EXPECT_FALSE(Computed("Mul", {x, Values({2}, {1, 2})}).ok());
}

TEST(Interpreter, Functions) {
  const auto x = Values({2}, {-1, 0.5});
  EXPECT_THAT(Result("Relu", {x}), ElementsAre(0, 0.5));
  EXPECT_THAT(Result("Erf", {x}), ElementsAre(std::erf(-1), std::erf(0.5)));
  EXPECT_THAT(Result("Sigmoid", {x}),
              ElementsAre(1 / (1 + std::exp(1.0)), 1 / (1 + std::exp(-0.5))));
  const auto rows = Result("Softmax", {Values({2, 2}, {0, std::log(3.0), 1000, 1000})});
  EXPECT_TRUE(AllClose(rows, {0.25, 0.75, 0.5, 0.5}, 1e-12));
  // Mean 2, variance 1 + 3 of ε.
  EXPECT_TRUE(AllClose(Result("LayerNormalization",
                              {Values({1, 2}, {1, 3}), Values({2}, {2, 4}), Values({2}, {0, 1})},
                              {{"epsilon", 3.0f}}),
                       {-1, 3}, 1e-12));
  EXPECT_TRUE(AllClose(Result("BatchNormalization",
                              {Values({1, 2, 1, 2}, {1, 2, 3, 4}), Values({2}, {1, 2}),
                               Values({2}, {0, 5}), Values({2}, {1, 3}), Values({2}, {1, 13})},
                              {{"epsilon", 3.0f}}),
                       {0, 0.5, 5, 5.5}, 1e-12));
}

TEST(Interpreter, ConvolutionsAsTheirReference) {
  for (const ConvShape& s :
       {ConvShape{2, 3, 7, 6, 4, 3, 2, 1, 1}, ConvShape{1, 2, 5, 5, 3, 1, 1, 0, 1},
        ConvShape{2, 1, 9, 8, 2, 7, 2, 3, 1}}) {
    const auto x = RandomValues({s.n, s.in_channels, s.height, s.width}, 1),
               w = RandomValues({s.out_channels, s.in_channels, s.kernel, s.kernel}, 2);
    EXPECT_TRUE(
        AllClose(Result("Conv", {x, w},
                        {{"strides", Dims{s.stride, s.stride}}, {"pads", Dims(4, s.padding)}}),
                 ConvForwardReference(s, x.values, w.values), 1e-12));
  }
}

// ⟨y, x *ᵀ w⟩ = ⟨y * w, x⟩: the transposed convolution is the adjoint.
TEST(Interpreter, TransposedConvolutionIsTheAdjoint) {
  const auto w = RandomValues({3, 2, 3, 3}, 2), x = RandomValues({2, 3, 4, 4}, 3),
             y = RandomValues({2, 2, 8, 8}, 4);
  const GraphBuilder::Attributes window = {{"strides", Dims{2, 2}}, {"pads", Dims(4, 1)}};
  GraphBuilder::Attributes back = window;
  back["output_padding"] = Dims{1, 1};
  const auto up = Result("ConvTranspose", {x, w}, back), down = Result("Conv", {y, w}, window);
  ASSERT_EQ(up.size(), y.values.size());
  ASSERT_EQ(down.size(), x.values.size());
  double left = 0, right = 0;
  for (size_t i = 0; i < up.size(); ++i) left += up[i] * y.values[i];
  for (size_t i = 0; i < down.size(); ++i) right += down[i] * x.values[i];
  EXPECT_NEAR(left, right, 1e-12 * std::abs(left) + 1e-12);
  EXPECT_GT(std::abs(left), 0.1);
}

TEST(Interpreter, Pooling) {
  const auto x = Values({1, 1, 3, 3}, {-1, -2, -3, -4, -5, -6, -7, -8, -9});
  EXPECT_THAT(Result("MaxPool", {x},
                     {{"kernel_shape", Dims{3, 3}}, {"strides", Dims{2, 2}}, {"pads", Dims(4, 1)}}),
              ElementsAre(-1, -2, -4, -5));
  EXPECT_THAT(Result("GlobalAveragePool", {x}), ElementsAre(-5));
}

TEST(Interpreter, Matrices) {
  const auto a = Values({1, 2, 2}, {1, 2, 3, 4});
  EXPECT_THAT(Result("MatMul", {a, Values({2, 1}, {10, 1})}), ElementsAre(12, 34));
  EXPECT_THAT(Result("MatMul", {a, Values({1, 2, 2}, {0, 1, 1, 0})}), ElementsAre(2, 1, 4, 3));
  EXPECT_FALSE(Computed("MatMul", {a, Values({3, 1}, {1, 1, 1})}).ok());
}

TEST(Interpreter, Shapes) {
  const auto x = Values({2, 3}, {0, 1, 2, 3, 4, 5});
  EXPECT_THAT(Result("Transpose", {x}, {{"perm", Dims{1, 0}}}), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(Result("Gather", {x, Numbers({2}, {2, 0})}, {{"axis", int64_t{1}}}),
              ElementsAre(2, 0, 5, 3));
  EXPECT_FALSE(Computed("Gather", {x, Numbers({1}, {2})}).ok());
  EXPECT_THAT(Result("Slice", {x, Numbers({1}, {1}), Numbers({1}, {9}), Numbers({1}, {0})}),
              ElementsAre(3, 4, 5));
  EXPECT_THAT(Result("ReduceSum", {x, Numbers({1}, {0})}, {{"keepdims", int64_t{0}}}),
              ElementsAre(3, 5, 7));
  EXPECT_THAT(Computed("Reshape", {x, Numbers({3}, {0, -1, 1})})->dims, ElementsAre(2, 3, 1));
  EXPECT_THAT(Computed("Unsqueeze", {x, Numbers({2}, {1, 2})})->dims, ElementsAre(2, 1, 1, 3));
  EXPECT_THAT(Computed("Shape", {x})->wholes, ElementsAre(2, 3));
  EXPECT_THAT(Computed("Flatten", {Values({2, 1, 2}, {1, 2, 3, 4})})->dims, ElementsAre(2, 2));
}

TEST(Interpreter, FaultsNameTheNode) {
  EXPECT_THAT(std::string(Computed("Einsum", {Values({1}, {1})}).status().message()),
              HasSubstr("Einsum that gives Einsum_0: an operator that is not known"));
  EXPECT_THAT(std::string(Computed("Add", {Values({1}, {1})}).status().message()),
              HasSubstr("an input is missing"));
  EXPECT_THAT(
      std::string(Computed("Conv", {Values({1, 1, 2, 2}, {1, 2, 3, 4}), Values({1, 1, 1, 1}, {1})},
                           {{"group", int64_t{2}}})
                      .status()
                      .message()),
      HasSubstr("inputs [1,1,2,2] [1,1,1,1]"));
  Graph graph;
  graph.inputs = {{.name = "x", .axes = {"batch", "2"}}, {.name = "z", .axes = {"batch"}}};
  graph.outputs = {{.name = "y"}};
  const auto message = [&](Arrays<double> inputs) {
    return std::string(Interpret<double>(graph, std::move(inputs)).status().message());
  };
  EXPECT_THAT(message({}), HasSubstr("input x is missing"));
  EXPECT_THAT(message({{"x", Values({1, 3}, {1, 2, 3})}, {"z", Values({1}, {1})}}),
              HasSubstr("input x is [1,3]; declared [batch,2]"));
  EXPECT_THAT(message({{"x", Values({1, 2}, {1, 2})}, {"z", Values({2}, {1, 2})}}),
              HasSubstr("input z is [2]"));
  EXPECT_THAT(message({{"x", Values({1, 2}, {1, 2})}, {"z", Values({1}, {1})}}),
              HasSubstr("no node gives the output y"));
}

}  // namespace
}  // namespace pretext
