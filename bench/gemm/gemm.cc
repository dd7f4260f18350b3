// Matrix products by each library: the arithmetic that this machine can do, and how far shapes of
// training are from it.
//
//   bazel run //bench/gemm            the peak: a few seconds
//   bazel run //bench/gemm -- --all   a table of shapes and libraries, as in kernels/gemm/gemm.md
#include "kernels/gemm/gemm.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "bench/measure/measure.h"
#include "kernels/gemm/bfloat16_gemm.h"

namespace pretext {
namespace {

constexpr std::pair<GemmLibrary, const char*> kLibraries[] = {
    {GemmLibrary::kOpenBlas, "OpenBLAS"},
    {GemmLibrary::kOnednnSgemm, "oneDNN sgemm"},
    {GemmLibrary::kOnednnMatmul, "oneDNN matmul"},
};

// "fp32 NT 1024x512x784".
std::string Variant(const std::string& dtype, Transpose trans_a, Transpose trans_b, int64_t m,
                    int64_t n, int64_t k) {
  const auto letter = [](Transpose t) { return t == Transpose::kYes ? "T" : "N"; };
  return dtype + " " + letter(trans_a) + letter(trans_b) + " " + std::to_string(m) + "x" +
         std::to_string(n) + "x" + std::to_string(k);
}

void Run(const char* name, Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k) {
  std::vector<float> a(m * k), b(k * n), c(m * n);
  FillUniform(m * k, a.data());
  FillUniform(k * n, b.data());
  const double gflop = 2e-9 * static_cast<double>(m * n * k);
  for (const auto& [library, library_name] : kLibraries) {
    const std::string variant =
        std::string(library_name) + " " + Variant("fp32", trans_a, trans_b, m, n, k);
    // Products of less than a tenth of a second in groups that the clock can tell apart.
    const int group = gflop < 1e-3 ? 100 : 1;
    Measure({.name = name, .variant = variant, .gflop = group * gflop, .warmup = 2, .repeats = 15},
            [&] {
              for (int i = 0; i < group; ++i) {
                GemmWith(library, trans_a, trans_b, m, n, k, 1.0f, a.data(),
                         trans_a == Transpose::kYes ? m : k, b.data(),
                         trans_b == Transpose::kYes ? k : n, 0.0f, c.data(), n);
              }
            });
  }
}

// The same in bfloat16, by whichever kernel is taken.
void RunBfloat16(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k) {
  std::vector<float> values(static_cast<size_t>(std::max(m * k, k * n))), c(m * n);
  FillUniform(static_cast<int64_t>(values.size()), values.data());
  std::vector<Bfloat16> a(m * k), b(k * n);
  ToBfloat16(m * k, values.data(), a.data());
  ToBfloat16(k * n, values.data(), b.data());
  Measure({.name = "gemm",
           .variant = Variant("bf16", trans_a, trans_b, m, n, k),
           .bfloat16 = true,
           .gflop = 2e-9 * static_cast<double>(m * n * k),
           .warmup = 2,
           .repeats = 15},
          [&] {
            Gemm(trans_a, trans_b, m, n, k, 1.0f, a.data(), trans_a == Transpose::kYes ? m : k,
                 b.data(), trans_b == Transpose::kYes ? k : n, 0.0f, c.data(), n);
          });
}

void Main(bool all) {
  constexpr Transpose kNo = Transpose::kNo, kYes = Transpose::kYes;
  for (int64_t size : {512, 1024}) Run("gemm peak", kNo, kNo, size, size, size);
  RunBfloat16(kNo, kNo, 1024, 1024, 1024);
  if (!all) return;
  constexpr int64_t kShapes[][3] = {
      {16, 16, 16},     {32, 32, 32},      {64, 64, 64},      {96, 96, 96},
      {128, 128, 64},   {128, 256, 512},   {128, 512, 784},   {8, 512, 784},
      {1024, 32, 256},  {1024, 512, 784},  {2, 128, 128},     {4096, 256, 256},
      {614, 8192, 256}, {2048, 768, 3072}, {2048, 3072, 768}, {768, 3072, 2048},
  };
  for (const auto& [m, n, k] : kShapes) {
    Run("gemm", kNo, kNo, m, n, k);
    Run("gemm", kNo, kYes, m, n, k);
    Run("gemm", kYes, kNo, m, n, k);
    for (Transpose trans_a : {kNo, kYes}) {
      for (Transpose trans_b : {kNo, kYes}) RunBfloat16(trans_a, trans_b, m, n, k);
    }
  }
}

}  // namespace
}  // namespace pretext

int main(int argc, char** argv) { pretext::Main(argc > 1 && std::strcmp(argv[1], "--all") == 0); }
