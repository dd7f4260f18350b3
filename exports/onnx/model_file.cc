#include "exports/onnx/model_file.h"

#include <cstring>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/tensor/safetensors.h"
#include "onnx/onnx.pb.h"

namespace pretext {
namespace {

void WriteValue(const GraphValue& value, onnx::ValueInfoProto& to) {
  to.set_name(value.name);
  auto& type = *to.mutable_type()->mutable_tensor_type();
  type.set_elem_type(value.whole ? onnx::TensorProto::INT64 : onnx::TensorProto::FLOAT);
  for (const std::string& axis : value.axes) {
    auto& dim = *type.mutable_shape()->add_dim();
    int64_t size;
    if (absl::SimpleAtoi(axis, &size)) {
      dim.set_dim_value(size);
    } else {
      dim.set_dim_param(axis);
    }
  }
}

GraphValue ReadValue(const onnx::ValueInfoProto& from) {
  GraphValue value{.name = from.name()};
  const auto& type = from.type().tensor_type();
  value.whole = type.elem_type() == onnx::TensorProto::INT64;
  for (const auto& dim : type.shape().dim())
    value.axes.push_back(dim.has_dim_param() ? dim.dim_param() : absl::StrCat(dim.dim_value()));
  return value;
}

void WriteConstant(const NamedTensor& constant, onnx::TensorProto& to) {
  const Tensor plain = constant.tensor.Plain();
  to.set_name(constant.name);
  for (const int64_t dim : plain.shape()) to.add_dims(dim);
  if (!constant.wide) {
    to.set_data_type(onnx::TensorProto::FLOAT);
    to.set_raw_data(plain.data(), plain.bytes());
    return;
  }
  to.set_data_type(onnx::TensorProto::INT64);
  to.set_raw_data(ToInt64Bytes(plain));
}

absl::StatusOr<NamedTensor> ReadConstant(const onnx::TensorProto& from) {
  const auto bad = [&](const char* what) {
    return absl::DataLossError(absl::StrCat("initializer ", from.name(), ": ", what));
  };
  NamedTensor constant{.name = from.name()};
  constant.wide = from.data_type() == onnx::TensorProto::INT64;
  if (!constant.wide && from.data_type() != onnx::TensorProto::FLOAT)
    return bad("is neither FLOAT nor INT64");
  if (from.dims_size() > Shape::kMaxRank) return bad("has more than five dimensions");
  Shape shape;
  double elements = 1;
  for (const int64_t dim : from.dims()) {
    if (dim < 0) return bad("has a negative dimension");
    shape.Append(dim);
    elements *= static_cast<double>(dim);
  }
  const size_t width = constant.wide ? sizeof(int64_t) : sizeof(float);
  if (elements * static_cast<double>(width) != static_cast<double>(from.raw_data().size()))
    return bad("its data do not fit its shape");
  constant.tensor = Tensor::Uninitialized(shape, constant.wide ? DType::kInt32 : DType::kFloat32);
  if (!constant.wide) {
    std::memcpy(constant.tensor.data(), from.raw_data().data(), from.raw_data().size());
    return constant;
  }
  if (!FromInt64Bytes(from.raw_data().data(), constant.tensor))
    return bad("has numbers beyond 32 bits");
  return constant;
}

void WriteNode(const GraphNode& node, onnx::NodeProto& to) {
  to.set_op_type(node.op);
  to.set_name(node.outputs[0]);
  for (const std::string& input : node.inputs) to.add_input(input);
  for (const std::string& output : node.outputs) to.add_output(output);
  for (const auto& [name, value] : node.attributes) {
    onnx::AttributeProto& attribute = *to.add_attribute();
    attribute.set_name(name);
    if (const auto* whole = std::get_if<int64_t>(&value)) {
      attribute.set_type(onnx::AttributeProto::INT);
      attribute.set_i(*whole);
    } else if (const auto* real = std::get_if<float>(&value)) {
      attribute.set_type(onnx::AttributeProto::FLOAT);
      attribute.set_f(*real);
    } else {
      attribute.set_type(onnx::AttributeProto::INTS);
      for (const int64_t i : std::get<std::vector<int64_t>>(value)) attribute.add_ints(i);
    }
  }
}

absl::StatusOr<GraphNode> ReadNode(const onnx::NodeProto& from) {
  GraphNode node{.op = from.op_type()};
  node.inputs.assign(from.input().begin(), from.input().end());
  node.outputs.assign(from.output().begin(), from.output().end());
  for (const onnx::AttributeProto& attribute : from.attribute()) {
    GraphAttribute& value = node.attributes[attribute.name()];
    switch (attribute.type()) {
      case onnx::AttributeProto::INT:
        value = attribute.i();
        break;
      case onnx::AttributeProto::FLOAT:
        value = attribute.f();
        break;
      case onnx::AttributeProto::INTS:
        value = std::vector<int64_t>(attribute.ints().begin(), attribute.ints().end());
        break;
      default:
        return absl::DataLossError(absl::StrCat("node ", from.name(), ": attribute ",
                                                attribute.name(),
                                                " is of a kind that is not known here"));
    }
  }
  return node;
}

}  // namespace

absl::StatusOr<std::string> ToOnnx(const Graph& graph, const std::string& name,
                                   const std::string& version,
                                   const std::map<std::string, std::string>& metadata) {
  onnx::ModelProto model;
  model.set_ir_version(kOnnxIr);
  model.set_producer_name("pretext");
  model.set_producer_version(version);
  model.add_opset_import()->set_version(kOnnxOpset);
  for (const auto& [key, value] : metadata) {
    auto& property = *model.add_metadata_props();
    property.set_key(key);
    property.set_value(value);
  }
  onnx::GraphProto& to = *model.mutable_graph();
  to.set_name(name);
  for (const GraphValue& value : graph.inputs) WriteValue(value, *to.add_input());
  for (const GraphValue& value : graph.outputs) WriteValue(value, *to.add_output());
  for (const NamedTensor& constant : graph.constants)
    WriteConstant(constant, *to.add_initializer());
  for (const GraphNode& node : graph.nodes) WriteNode(node, *to.add_node());
  const size_t bytes = model.ByteSizeLong();
  if (bytes > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return absl::InvalidArgumentError(
        absl::StrCat("the model has ", bytes,
                     " bytes; an ONNX file has less than 2 GB. Formats by name "
                     "(torchvision, huggingface) have no such limit"));
  }
  return model.SerializeAsString();
}

absl::StatusOr<Graph> FromOnnx(absl::string_view contents) {
  onnx::ModelProto model;
  if (!model.ParseFromArray(contents.data(), static_cast<int>(contents.size())))
    return absl::DataLossError("is no ONNX model");
  if (model.ir_version() != kOnnxIr || model.opset_import_size() != 1 ||
      model.opset_import(0).version() != kOnnxOpset || !model.opset_import(0).domain().empty()) {
    return absl::DataLossError(
        absl::StrCat("is not of IR ", kOnnxIr, " and opset ", kOnnxOpset, " alone"));
  }
  Graph graph;
  for (const auto& value : model.graph().input()) graph.inputs.push_back(ReadValue(value));
  for (const auto& value : model.graph().output()) graph.outputs.push_back(ReadValue(value));
  for (const auto& constant : model.graph().initializer()) {
    absl::StatusOr<NamedTensor> read = ReadConstant(constant);
    if (!read.ok()) return read.status();
    graph.constants.push_back(*std::move(read));
  }
  for (const auto& node : model.graph().node()) {
    absl::StatusOr<GraphNode> read = ReadNode(node);
    if (!read.ok()) return read.status();
    graph.nodes.push_back(*std::move(read));
  }
  return graph;
}

}  // namespace pretext
