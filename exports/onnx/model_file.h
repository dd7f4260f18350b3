// A graph as an ONNX file, and back (github.com/onnx/onnx, docs/IR.md): opset 17, IR 8, which
// onnxruntime reads since 1.12.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"

namespace pretext {

inline constexpr int64_t kOnnxOpset = 17, kOnnxIr = 8;

// `metadata`: for readers of the file, by key. InvalidArgument when it would be 2 GB or more, which
// no protobuf message can be.
absl::StatusOr<std::string> ToOnnx(const Graph& graph, const std::string& name,
                                   const std::string& version,
                                   const std::map<std::string, std::string>& metadata);

// DataLoss when it is no ONNX model, of another opset, or holds what ToOnnx does not write:
// external data, other types than FLOAT and INT64 (of numbers that fit into 32 bits), attributes of
// other kinds.
absl::StatusOr<Graph> FromOnnx(absl::string_view contents);

}  // namespace pretext
