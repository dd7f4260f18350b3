// What the interpreter computes with: arrays of T, or of whole numbers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/graph/graph.h"

namespace pretext {

using Dims = std::vector<int64_t>;

inline int64_t SizeOf(const Dims& dims) {
  int64_t size = 1;
  for (const int64_t dim : dims) size *= dim;
  return size;
}

template <class T>
struct Array {
  Dims dims;
  bool whole = false;
  std::vector<T> values;        // row-major, unless whole
  std::vector<int64_t> wholes;  // row-major, if whole

  static Array Zeros(Dims dims) {
    Array array{.dims = std::move(dims)};
    array.values.assign(static_cast<size_t>(SizeOf(array.dims)), T{0});
    return array;
  }
  int64_t size() const { return SizeOf(dims); }
  int64_t rank() const { return static_cast<int64_t>(dims.size()); }
};

// One node with its inputs; an input that was left out is null.
template <class T>
struct Call {
  const GraphNode& node;
  std::vector<const Array<T>*> inputs;

  const Array<T>& in(size_t i) const { return *inputs[i]; }
  bool has(size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }

  template <class Attribute>
  Attribute Get(const char* name, Attribute otherwise) const {
    const auto at = node.attributes.find(name);
    if (at == node.attributes.end() || !std::holds_alternative<Attribute>(at->second))
      return otherwise;
    return std::get<Attribute>(at->second);
  }

  // InvalidArgument that names the node and its inputs' shapes.
  absl::Status Wrong(absl::string_view what) const {
    std::vector<std::string> shapes;
    for (const Array<T>* array : inputs)
      shapes.push_back(array == nullptr ? "-"
                                        : absl::StrCat("[", absl::StrJoin(array->dims, ","), "]"));
    return absl::InvalidArgumentError(absl::StrCat(node.op, " that gives ",
                                                   absl::StrJoin(node.outputs, ", "), ": ", what,
                                                   "; inputs ", absl::StrJoin(shapes, " ")));
  }
};

// An operator of one output.
template <class T>
using Operator = absl::StatusOr<Array<T>> (*)(const Call<T>& call);

}  // namespace pretext
