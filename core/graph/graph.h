// A network as a graph of operators, as other programs run it: the operators, their attributes and
// their meaning are ONNX's, opset 17 (github.com/onnx/onnx, docs/Operators.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/tensor/safetensors.h"

namespace pretext {

using GraphAttribute = std::variant<int64_t, float, std::vector<int64_t>>;

struct GraphNode {
  std::string op;                    // "Conv"
  std::vector<std::string> inputs;   // values by name; "": left out
  std::vector<std::string> outputs;  // every name is given once in a graph
  std::map<std::string, GraphAttribute> attributes;
};

// What goes in or comes out.
struct GraphValue {
  std::string name;
  bool whole = false;  // int64, else float32
  // One a dimension: its size, or the name of one that is free ("batch").
  std::vector<std::string> axes;
};

struct Graph {
  std::vector<GraphValue> inputs, outputs;
  // float32; or int32 that is wide: int64 in the graph.
  std::vector<NamedTensor> constants;
  std::vector<GraphNode> nodes;  // each after those whose outputs it takes
};

}  // namespace pretext
