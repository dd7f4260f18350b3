#include "exports/interpreter/interpreter.h"

#include "absl/strings/numbers.h"
#include "exports/interpreter/operators.h"

namespace pretext {
namespace {

template <class T>
struct Known {
  Operator<T> run;
  size_t least_inputs;
};

template <class T>
const std::map<std::string, Known<T>>& Operators() {
  static const auto* const operators = new std::map<std::string, Known<T>>{
      {"Add", {Binary<T>, 2}},
      {"Sub", {Binary<T>, 2}},
      {"Mul", {Binary<T>, 2}},
      {"Div", {Binary<T>, 2}},
      {"Max", {Binary<T>, 2}},
      {"Relu", {Unary<T>, 1}},
      {"Sigmoid", {Unary<T>, 1}},
      {"Tanh", {Unary<T>, 1}},
      {"Erf", {Unary<T>, 1}},
      {"Cast", {Cast<T>, 1}},
      {"Softmax", {Softmax<T>, 1}},
      {"LayerNormalization", {LayerNormalization<T>, 2}},
      {"BatchNormalization", {BatchNormalization<T>, 5}},
      {"ReduceSum", {ReduceSum<T>, 2}},
      {"MatMul", {MatMul<T>, 2}},
      {"Conv", {Conv<T>, 2}},
      {"ConvTranspose", {ConvTranspose<T>, 2}},
      {"MaxPool", {MaxPool<T>, 1}},
      {"GlobalAveragePool", {GlobalAveragePool<T>, 1}},
      {"Shape", {ShapeOf<T>, 1}},
      {"Identity", {Reshape<T>, 1}},
      {"Reshape", {Reshape<T>, 2}},
      {"Flatten", {Reshape<T>, 1}},
      {"Unsqueeze", {Reshape<T>, 2}},
      {"Transpose", {Transpose<T>, 1}},
      {"Gather", {Gather<T>, 2}},
      {"Slice", {Slice<T>, 4}},
  };
  return *operators;
}

template <class T>
Array<T> FromConstant(const NamedTensor& constant) {
  const Tensor& tensor = constant.tensor;
  Array<T> array{.dims = Dims(tensor.shape().begin(), tensor.shape().end()),
                 .whole = constant.wide};
  if (constant.wide) {
    array.wholes.assign(tensor.ints(), tensor.ints() + tensor.size());
  } else {
    array.values.assign(tensor.data(), tensor.data() + tensor.size());
  }
  return array;
}

// The inputs as declared: a size, or a free one that is the same wherever it is named.
template <class T>
absl::Status CheckInputs(const Graph& graph, const Arrays<T>& inputs) {
  std::map<std::string, int64_t> free;
  for (const GraphValue& declared : graph.inputs) {
    const auto at = inputs.find(declared.name);
    if (at == inputs.end())
      return absl::InvalidArgumentError(absl::StrCat("input ", declared.name, " is missing"));
    bool fits =
        at->second.dims.size() == declared.axes.size() && at->second.whole == declared.whole;
    for (size_t i = 0; fits && i < declared.axes.size(); ++i) {
      int64_t size;
      if (!absl::SimpleAtoi(declared.axes[i], &size))
        size = free.emplace(declared.axes[i], at->second.dims[i]).first->second;
      fits = at->second.dims[i] == size;
    }
    if (!fits) {
      return absl::InvalidArgumentError(
          absl::StrCat("input ", declared.name, " is [", absl::StrJoin(at->second.dims, ","),
                       "]; declared [", absl::StrJoin(declared.axes, ","), "]"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

template <class T>
absl::StatusOr<Arrays<T>> Interpret(const Graph& graph, Arrays<T> inputs) {
  if (absl::Status status = CheckInputs(graph, inputs); !status.ok()) return status;
  std::map<std::string, const NamedTensor*> constants;
  for (const NamedTensor& constant : graph.constants) constants[constant.name] = &constant;
  std::map<std::string, int> uses;  // that are still to come
  for (const GraphNode& node : graph.nodes) {
    for (const std::string& name : node.inputs) ++uses[name];
  }
  for (const GraphValue& output : graph.outputs) ++uses[output.name];

  Arrays<T> values = std::move(inputs);
  for (const GraphNode& node : graph.nodes) {
    Call<T> call{.node = node};
    for (const std::string& name : node.inputs) {
      if (name.empty()) {
        call.inputs.push_back(nullptr);
        continue;
      }
      auto at = values.find(name);
      if (at == values.end()) {
        const auto constant = constants.find(name);
        if (constant == constants.end())
          return call.Wrong(absl::StrCat("nothing before it gives ", name));
        at = values.emplace(name, FromConstant<T>(*constant->second)).first;
      }
      call.inputs.push_back(&at->second);
    }
    const auto known = Operators<T>().find(node.op);
    if (known == Operators<T>().end() || node.outputs.size() != 1)
      return call.Wrong("an operator that is not known here");
    for (size_t i = 0; i < known->second.least_inputs; ++i) {
      if (!call.has(i)) return call.Wrong("an input is missing");
    }
    absl::StatusOr<Array<T>> output = known->second.run(call);
    if (!output.ok()) return output.status();
    values.insert_or_assign(node.outputs[0], *std::move(output));
    for (const std::string& name : node.inputs) {
      if (--uses[name] == 0) values.erase(name);
    }
  }
  Arrays<T> outputs;
  for (const GraphValue& output : graph.outputs) {
    const auto at = values.find(output.name);
    if (at == values.end())
      return absl::InvalidArgumentError(absl::StrCat("no node gives the output ", output.name));
    outputs[output.name] = std::move(at->second);
  }
  return outputs;
}

template absl::StatusOr<Arrays<float>> Interpret(const Graph&, Arrays<float>);
template absl::StatusOr<Arrays<double>> Interpret(const Graph&, Arrays<double>);

}  // namespace pretext
