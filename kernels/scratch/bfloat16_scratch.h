// Scratch memory for bfloat16.
#pragma once

#include <cstdint>

#include "kernels/bfloat16/bfloat16.h"
#include "kernels/scratch/scratch.h"

namespace pretext {

// As Scratch: at least n of them, 64-byte aligned.
class Bfloat16Scratch {
 public:
  explicit Bfloat16Scratch(int64_t n) : floats_((n + 1) / 2) {}
  Bfloat16* data() const { return reinterpret_cast<Bfloat16*>(floats_.data()); }

 private:
  Scratch floats_;
};

}  // namespace pretext
