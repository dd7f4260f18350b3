// The kernels of the families that are lists, member by member, and where a team of threads begins
// to pay.
//
//   bazel run //bench/kernels
#include <algorithm>
#include <string>
#include <vector>

#include "base/parallel/parallel.h"
#include "bench/measure/measure.h"
#include "kernels/activation/activation.h"
#include "kernels/reconstruction/reconstruction.h"
#include "kernels/vector_math/vector_math.h"

namespace pretext {
namespace {

constexpr int64_t kElements = 1 << 18;  // with its results it fits a second-level cache

void Time(const std::string& family, const std::string& member, int64_t items,
          const std::function<void()>& step) {
  Measure({.name = family,
           .variant = member,
           .items = static_cast<double>(items),
           .warmup = 20,
           .repeats = 200},
          step);
}

// One loop of a cost of 1 an element by one thread and by the team; kWorthATeam is where they meet.
void TimeTeams(std::vector<float>& x, std::vector<float>& y) {
  for (int64_t n = 1 << 11; n <= kElements; n *= 2) {
    const auto loop = [&](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) y[i] = 0.5f * y[i] + x[i];
    };
    const std::string size = "n=" + std::to_string(n);
    Time("loop", size + " one thread", n, [&] { loop(0, n); });
    Time("loop", size + " team", n, [&] {
      ParallelFor(16, kWorthATeam, [&](int64_t i) { loop(i * n / 16, (i + 1) * n / 16); });
    });
  }
}

void Main() {
  std::vector<float> x(kElements), y(kElements), d(kElements), dx(kElements);
  FillUniform(kElements, x.data());
  FillUniform(kElements, d.data());
  for (const Activation a : kActivations) {
    const std::string name = ActivationName(a);
    Time("activation", name, kElements,
         [&] { ActivationForward(a, kElements, x.data(), y.data()); });
    Time("activation", name + " backward", kElements,
         [&] { ActivationBackward(a, kElements, y.data(), d.data(), dx.data()); });
  }
#define PRETEXT_TIME(name, ...)            \
  Time("reconstruction", #name, kElements, \
       [&] { name(kElements, x.data(), d.data(), 1.0f, y.data()); });
  PRETEXT_RECONSTRUCTION_LOSSES(PRETEXT_TIME)
#undef PRETEXT_TIME
#define PRETEXT_TIME(name, call, ...)                                                  \
  Time("vector_math", #name, kElements, [&] {                                          \
    const auto function = [](float x) -> float { return call; };                       \
    _Pragma("omp simd") for (int64_t i = 0; i < kElements; ++i) y[i] = function(d[i]); \
  });
  PRETEXT_VECTOR_FUNCTIONS(PRETEXT_TIME)
#undef PRETEXT_TIME
  TimeTeams(x, y);
}

}  // namespace
}  // namespace pretext

int main() { pretext::Main(); }
