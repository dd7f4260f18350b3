#include "core/autograd/gradient_norm.h"

#include <cmath>

#include "kernels/reduce/dot_product.h"

namespace pretext {
double GlobalGradientNorm(const std::vector<Parameter*>& parameters) {
  double total = 0;
  for (const Parameter* p : parameters) {
    if (!p->has_gradient) continue;
    // In memory order: the padding of a blocked layout is zero and adds nothing.
    const auto n = static_cast<int64_t>(p->gradient.bytes() / sizeof(float));
    total += DotProduct(n, p->gradient.data(), p->gradient.data());
  }
  return std::sqrt(total);
}

std::string FirstNonFiniteGradient(const std::vector<Parameter*>& parameters) {
  for (const Parameter* p : parameters) {
    if (!p->has_gradient) continue;
    if (const int64_t at = FirstNonFinite(p->gradient); at >= 0) {
      return p->name + ", element " + std::to_string(at) + " is " +
             std::to_string(p->gradient.Plain().data()[at]);
    }
  }
  return "";
}

}  // namespace pretext
