// Whether all numbers of a tensor are finite, at the speed of memory.
#pragma once

#include "core/tensor/tensor.h"

namespace pretext {

// float32, any layout; an undefined tensor is finite. FirstNonFinite finds the place.
bool IsFinite(const Tensor& tensor);

}  // namespace pretext
