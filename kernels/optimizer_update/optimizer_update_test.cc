#include "kernels/optimizer_update/optimizer_update.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace pretext {
namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

Floats Wave(size_t n, float frequency) {
  Floats x(n);
  for (size_t i = 0; i < n; ++i) x[i] = std::sin(frequency * static_cast<float>(i) + 0.3f);
  return x;
}

// Ten steps against the definitions in double. Each step rounds a few times at 6e-8
// of values near 1, and Adam divides by a root: 2e-6 after ten steps is ample,
// and a thousand times below a wrong term.
constexpr double kTolerance = 2e-6;

void ExpectClose(const Floats& actual, const Doubles& expected) {
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_TRUE(std::abs(actual[i] - expected[i]) <= kTolerance)
        << i << ": " << actual[i] << " " << expected[i];
  }
}

TEST(SgdUpdate, FollowsTheDefinitionAtEveryTail) {
  for (size_t n : {1u, 15u, 16u, 17u, 33u, 20000u}) {
    for (bool nesterov : {false, true}) {
      Floats w = Wave(n, 0.7f), v(n, 99.0f);
      Doubles dw(w.begin(), w.end()), dv(n, 0.0);
      for (int t = 1; t <= 10; ++t) {
        const Floats g = Wave(n, 0.1f * static_cast<float>(t));
        SgdUpdate{.rate = 0.1f,
                  .momentum = 0.9f,
                  .decay = 0.01f,
                  .gradient_scale = 0.5f,
                  .nesterov = nesterov,
                  .first = t == 1}(static_cast<int64_t>(n), g.data(), v.data(), w.data());
        for (size_t i = 0; i < n; ++i) {
          const double d = 0.5 * g[i] + 0.01 * dw[i];
          dv[i] = t == 1 ? d : 0.9 * dv[i] + d;
          dw[i] -= 0.1 * (nesterov ? d + 0.9 * dv[i] : dv[i]);
        }
      }
      ExpectClose(w, dw);
    }
  }
}

TEST(SgdUpdate, WithoutMomentumNeedsNoState) {
  Floats w = {1, 2};
  const Floats g = {1, -1};
  SgdUpdate{.rate = 0.5f, .decay = 0.1f}(2, g.data(), nullptr, w.data());
  ExpectClose(w, {1 - 0.5 * 1.1, 2 - 0.5 * (-1 + 0.2)});
}

TEST(AdamUpdate, FollowsTheDefinitionAtEveryTail) {
  for (size_t n : {1u, 15u, 16u, 17u, 33u, 20000u}) {
    for (bool decoupled : {false, true}) {
      Floats w = Wave(n, 0.7f), m(n), v(n);
      Doubles dw(w.begin(), w.end()), dm(n), dv(n);
      for (int t = 1; t <= 10; ++t) {
        const Floats g = Wave(n, 0.1f * static_cast<float>(t));
        const double c1 = 1 - std::pow(0.9, t), c2 = 1 - std::pow(0.999, t);
        AdamUpdate{.rate = 0.01f,
                   .decay = 0.1f,
                   .gradient_scale = 2,
                   .correction1 = static_cast<float>(c1),
                   .correction2 = static_cast<float>(c2),
                   .decoupled = decoupled}(static_cast<int64_t>(n), g.data(), m.data(), v.data(),
                                           w.data());
        for (size_t i = 0; i < n; ++i) {
          double gradient = 2.0 * g[i];
          if (decoupled) dw[i] -= 0.01 * 0.1 * dw[i];
          if (!decoupled) gradient += 0.1 * dw[i];
          dm[i] = 0.9 * dm[i] + 0.1 * gradient;
          dv[i] = 0.999 * dv[i] + 0.001 * gradient * gradient;
          dw[i] -= 0.01 * (dm[i] / c1) / (std::sqrt(dv[i] / c2) + 1e-8);
        }
      }
      // Where a gradient passes through zero the quotient m/√v amplifies v's rounding:
      // ten times the bound.
      for (size_t i = 0; i < n; ++i) ASSERT_TRUE(std::abs(w[i] - dw[i]) <= 10 * kTolerance) << i;
    }
  }
}

constexpr float kLeastNormal = 0x1p-126f;

// Of denormal moments an update takes five times as long.
TEST(OptimizerUpdate, WhatBecomesDenormalIsZero) {
  const Floats none(40);
  Floats w = Wave(40, 0.7f), m(40, kLeastNormal), v(40, kLeastNormal), velocity = m;
  const Floats before = w;
  AdamUpdate{.rate = 0.01f}(40, none.data(), m.data(), v.data(), w.data());
  EXPECT_EQ(m, none);
  EXPECT_EQ(v, none);
  SgdUpdate{.rate = 0.1f, .momentum = 0.9f}(40, none.data(), velocity.data(), w.data());
  EXPECT_EQ(velocity, none);
  EXPECT_EQ(w, before);
}

TEST(OptimizerUpdate, LeavesDenormalNumbersToOthers) {
  Floats w = {1}, m = {0}, v = {0};
  const Floats g = {1};
  AdamUpdate{.rate = 0.01f}(1, g.data(), m.data(), v.data(), w.data());
  volatile float least = kLeastNormal;
  EXPECT_GT(least * 0.5f, 0);
}

}  // namespace
}  // namespace pretext
