// Losses whose gradient is known as soon as they are computed.
#pragma once

#include "core/autograd/autograd.h"

namespace pretext {

// The scalar `loss` as an operation on `input`; `gradient`, of the input's shape and plain, is
// dloss/dinput, undefined when the input requires none.
Var RecordLoss(Tape& tape, const char* operation, double loss, Var input, Tensor gradient);

}  // namespace pretext
