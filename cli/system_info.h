// What the program runs on: for `pretext version` and for whoever reads its figures.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace pretext {

struct SystemInfo {
  std::string processor;  // e.g. "AMD EPYC 9R14 (family 25, model 17)"
  std::string features;   // of its vector units, those that matter here, e.g. "AVX2 AVX-512 BF16"
  int processors = 0;     // that the process may run on
  int threads = 0;        // that OpenMP uses
  std::string compiled_for;                                    // e.g. "AVX-512", "AVX2"
  std::vector<std::pair<std::string, std::string>> libraries;  // name, version
  std::string openblas_kernels;                                // in use, e.g. "SkylakeX"
  bool openblas_uses_openmp = false;  // else it starts threads of its own, which fight with ours
  std::string onednn_isa;             // e.g. "AVX-512 BF16"
  std::string bfloat16;               // what multiplies it, e.g. "AMX, …", "widened to float32"
};

SystemInfo GetSystemInfo();

// Speed of one matrix product, C = A·B of size×size, with all threads.
struct GemmSpeed {
  std::string library;
  int64_t size = 0;
  double gflops = 0;  // the best of several
};

// Takes about `seconds` for each size and library, after a product that is not counted.
std::vector<GemmSpeed> MeasureGemm(double seconds);

// What the program was built for and with: the processor level, the libraries.
std::string FormatBuild(const SystemInfo& info);

// Which kernels are chosen, in one line without its end: "OpenBLAS: SkylakeX, OpenMP; oneDNN: …".
std::string FormatKernels(const SystemInfo& info);

// The text of `pretext version --verbose`, lines that end in '\n', FormatBuild among them.
// Says what is wrong, if anything is.
std::string FormatSystemInfo(const SystemInfo& info, const std::vector<GemmSpeed>& speeds);

}  // namespace pretext
