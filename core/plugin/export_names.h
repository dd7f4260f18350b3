// What exports by name share.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/tensor/safetensors.h"

namespace pretext {

// The shortest text that reads back as the same float: "1e-12", which is JSON too.
inline std::string JsonFloat(float value) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof(text), value).ptr);
}

inline std::string JsonList(const std::vector<int64_t>& values) {
  return absl::StrCat("[", absl::StrJoin(values, ", "), "]");
}

// PyTorch's counters: an int64 of shape [].
inline NamedTensor Counter(std::string name, int64_t value) {
  Tensor tensor = Tensor::Zeros(Shape(), DType::kInt32);
  tensor.ints()[0] = static_cast<int32_t>(value);
  return {std::move(name), tensor, /*wide=*/true};
}

}  // namespace pretext
