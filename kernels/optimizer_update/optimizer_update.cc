#include "kernels/optimizer_update/optimizer_update.h"

#include <cmath>

#include "kernels/optimizer_update/flush_denormals.h"

namespace pretext {

using optimizer_update_internal::FlushDenormals;

void SgdUpdate::operator()(int64_t n, const float* gradient, float* velocity, float* weight) const {
  const SgdUpdate u = *this;
  const FlushDenormals flush;
  if (velocity == nullptr) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
      weight[i] -= u.rate * (u.gradient_scale * gradient[i] + u.decay * weight[i]);
    }
    return;
  }
  const float keep = u.first ? 0.0f : u.momentum;
  // The step is taken along a · d + b · v.
  const float a = u.nesterov ? 1.0f : 0.0f, b = u.nesterov ? u.momentum : 1.0f;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float d = u.gradient_scale * gradient[i] + u.decay * weight[i];
    const float v = keep * velocity[i] + d;
    velocity[i] = v;
    weight[i] -= u.rate * (a * d + b * v);
  }
}

void AdamUpdate::operator()(int64_t n, const float* gradient, float* first_moment,
                            float* second_moment, float* weight) const {
  const AdamUpdate u = *this;
  const FlushDenormals flush;
  const float coupled = u.decoupled ? 0.0f : u.decay;
  const float shrink = u.decoupled ? 1.0f - u.rate * u.decay : 1.0f;
  const float step = u.rate / u.correction1;
  const float root = 1.0f / std::sqrt(u.correction2);
  const auto beta1 = static_cast<float>(u.beta1), beta2 = static_cast<float>(u.beta2);
  const auto rest1 = static_cast<float>(1 - u.beta1), rest2 = static_cast<float>(1 - u.beta2);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float g = u.gradient_scale * gradient[i] + coupled * weight[i];
    const float m = beta1 * first_moment[i] + rest1 * g;
    const float v = beta2 * second_moment[i] + rest2 * g * g;
    first_moment[i] = m;
    second_moment[i] = v;
    weight[i] = shrink * weight[i] - step * m / (std::sqrt(v) * root + u.epsilon);
  }
}

}  // namespace pretext
