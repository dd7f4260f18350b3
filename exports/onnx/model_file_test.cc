#include "exports/onnx/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/autograd/gradient_check.h"
#include "core/graph/graph_builder.h"
#include "onnx/onnx.pb.h"

namespace pretext {
namespace {

using testing::HasSubstr;

Graph Example() {
  GraphBuilder graph;
  const std::string x = graph.Input({.name = "x", .axes = {"batch", "2", "5", "5"}});
  const std::string y = graph.Conv(x, "conv", RandomTensor({3, 2, 3, 3}, 1), Tensor(), 2, 1);
  graph.Output({.name = "y", .axes = {"batch", "3", "9"}},
               graph.Node("Reshape", {y, graph.Wholes({0, 3, -1})}));
  return graph.Take();
}

std::string Example(const std::function<void(onnx::ModelProto&)>& change) {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(*ToOnnx(Example(), "net", "1", {})));
  change(model);
  return model.SerializeAsString();
}

TEST(OnnxFile, ReadsWhatItWrote) {
  const Graph graph = Example();
  const auto bytes = ToOnnx(graph, "net", "1", {{"key", "value"}});
  ASSERT_TRUE(bytes.ok());
  const auto read = FromOnnx(*bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->nodes.size(), graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    EXPECT_EQ(read->nodes[i].op, graph.nodes[i].op);
    EXPECT_EQ(read->nodes[i].inputs, graph.nodes[i].inputs);
    EXPECT_EQ(read->nodes[i].outputs, graph.nodes[i].outputs);
    EXPECT_EQ(read->nodes[i].attributes, graph.nodes[i].attributes);
  }
  ASSERT_EQ(read->constants.size(), graph.constants.size());
  EXPECT_EQ(ToDoubles(read->constants[0].tensor), ToDoubles(graph.constants[0].tensor));
  EXPECT_TRUE(read->constants[1].wide);
  EXPECT_EQ(read->constants[1].tensor.ints()[2], -1);
  EXPECT_EQ(read->inputs[0].axes, graph.inputs[0].axes);
  EXPECT_EQ(read->outputs[0].name, "y");
}

TEST(OnnxFile, IsOfTheOpsetThatItSays) {
  Example([](onnx::ModelProto& model) {
    EXPECT_EQ(model.ir_version(), 8);
    ASSERT_EQ(model.opset_import_size(), 1);
    EXPECT_EQ(model.opset_import(0).version(), 17);
    EXPECT_EQ(model.producer_name(), "pretext");
    EXPECT_EQ(model.graph().input(0).type().tensor_type().shape().dim(0).dim_param(), "batch");
    EXPECT_EQ(model.graph().input(0).type().tensor_type().shape().dim(1).dim_value(), 2);
  });
}

TEST(OnnxFile, WhatItDoesNotWriteIsRefused) {
  const auto message = [](const std::function<void(onnx::ModelProto&)>& change) {
    const auto graph = FromOnnx(Example(change));
    EXPECT_EQ(graph.status().code(), absl::StatusCode::kDataLoss);
    return std::string(graph.status().message());
  };
  EXPECT_THAT(message([](auto& m) { m.mutable_opset_import(0)->set_version(18); }),
              HasSubstr("opset 17"));
  EXPECT_THAT(message([](auto& m) { m.mutable_graph()->mutable_initializer(0)->add_dims(2); }),
              HasSubstr("initializer conv.weight: its data do not fit its shape"));
  EXPECT_THAT(
      message([](auto& m) { m.mutable_graph()->mutable_initializer(0)->set_data_type(10); }),
      HasSubstr("neither FLOAT nor INT64"));
  EXPECT_THAT(message([](auto& m) {
                m.mutable_graph()->mutable_node(0)->mutable_attribute(0)->set_type(
                    onnx::AttributeProto::STRING);
              }),
              HasSubstr("of a kind that is not known"));
  EXPECT_FALSE(FromOnnx("nonsense").ok());
  const std::string whole = *ToOnnx(Example(), "net", "1", {});
  for (size_t n = 0; n < whole.size(); ++n) {
    const auto graph = FromOnnx(whole.substr(0, n));  // refused or shorter, never a crash
    if (graph.ok()) {
      EXPECT_LE(graph->nodes.size(), 3u);
    }
  }
}

}  // namespace
}  // namespace pretext
