// Memory for the blocks that a kernel works on: the calling thread's own, kept from call to call,
// so that a steady state allocates nothing.
//
//   Scratch scores(rows * columns);
//   Gemm(..., scores.data(), columns);
#pragma once

#include <cstddef>
#include <cstdint>

namespace pretext {

class Scratch {
 public:
  // At least `floats` floats, 64-byte aligned, contents undefined.
  // Destroyed by the thread that made it.
  explicit Scratch(int64_t floats);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  float* data() const { return data_; }
  float* operator+(int64_t offset) const { return data_ + offset; }

 private:
  float* data_;
  size_t bytes_;
};

}  // namespace pretext
