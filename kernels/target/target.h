// Where a kernel puts a result that may have to be added to others:
// a gradient with several sources.
#pragma once

namespace pretext {

struct Target {
  float* data = nullptr;    // null: not wanted
  bool accumulate = false;  // add to what is there; else overwrite it (contents undefined)

  explicit operator bool() const { return data != nullptr; }
  float beta() const { return accumulate ? 1.0f : 0.0f; }  // for GEMM
};

}  // namespace pretext
