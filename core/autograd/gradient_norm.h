// The global norm of all gradients, for clipping (Pascanu et al. 2013).
#pragma once

#include <string>
#include <vector>

#include "core/autograd/parameter.h"

namespace pretext {

// √(Σ g²) over every parameter that has a gradient, in double over fixed blocks: the same bits
// whatever the number of threads. NaN or infinite when a gradient is.
double GlobalGradientNorm(const std::vector<Parameter*>& parameters);

// "head.0.weight, element 17 is nan" of the first gradient that is not finite; empty if all are.
std::string FirstNonFiniteGradient(const std::vector<Parameter*>& parameters);

}  // namespace pretext
