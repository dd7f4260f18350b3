// The NT-Xent kernel, loss and gradient, as the peers' `steps.py ntxent` has it:
// two views, d = 128, τ = 0.5.
//
//   bazel run //bench/nt_xent -- [--bf16] [N ...]
#include "kernels/nt_xent/nt_xent.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "bench/measure/measure.h"

namespace pretext {
namespace {

void Run(int64_t samples, bool bf16) {
  const NtXentProblem problem{
      .samples = samples, .views = 2, .features = 128, .temperature = 0.5f, .bfloat16 = bf16};
  const auto rows = static_cast<double>(problem.rows());
  std::vector<float> x(problem.rows() * problem.features), gradient(x.size());
  FillUniform(static_cast<int64_t>(x.size()), x.data());
  Measure({.name = "ntxent",
           .variant = "N=" + std::to_string(samples) + " d=128",
           .bfloat16 = bf16,
           .items = static_cast<double>(samples),
           // What the loss needs: half of R² similarities, and the gradient.
           .gflop = 3e-9 * rows * rows * 128,
           .warmup = samples <= 8192 ? 2 : 0,
           .repeats = samples <= 1024   ? 25
                      : samples <= 8192 ? 5
                                        : 1},
          [&] { ComputeNtXent(problem, x.data(), gradient.data(), nullptr); });
}

}  // namespace
}  // namespace pretext

int main(int argc, char** argv) {
  bool bf16 = false;
  std::vector<int64_t> sizes;
  for (int i = 1; i < argc; ++i) {
    if (argv[i] == std::string("--bf16")) {
      bf16 = true;
    } else {
      sizes.push_back(std::atoll(argv[i]));
    }
  }
  if (sizes.empty()) sizes = {64, 256, 1024, 4096, 8192};
  for (int64_t samples : sizes) pretext::Run(samples, bf16);
}
