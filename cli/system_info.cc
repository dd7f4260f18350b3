#include "cli/system_info.h"

#include <cblas.h>
#include <dnnl.h>
#include <google/protobuf/stubs/common.h>
#include <omp.h>
#include <sched.h>
#include <zlib.h>

#include <Eigen/Core>
#include <algorithm>
#include <chrono>

#include "absl/base/config.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/file/read_file.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/openblas_kernels.h"
#include "kernels/matrix_units/tiles.h"
#include "kernels/onednn/has_bfloat16.h"

namespace pretext {
namespace {

// The first value of a field of /proc/cpuinfo, or nothing.
std::string CpuInfo(const std::string& field) {
  const absl::StatusOr<std::string> text = ReadFile("/proc/cpuinfo");
  if (!text.ok()) return "";
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    if (absl::StripAsciiWhitespace(parts.first) == field) {
      return std::string(absl::StripAsciiWhitespace(parts.second));
    }
  }
  return "";
}

std::string Features(const std::string& flags) {
  const std::string padded = " " + flags + " ";
  std::string found;
  for (auto [flag, name] : {std::pair{"avx2", "AVX2"},
                            {"avx512f", "AVX-512"},
                            {"avx512_vnni", "VNNI"},
                            {"avx512_bf16", "BF16"},
                            {"avx512_fp16", "FP16"},
                            {"amx_bf16", "AMX"}}) {
    if (padded.find(absl::StrCat(" ", flag, " ")) == std::string::npos) continue;
    absl::StrAppend(&found, found.empty() ? "" : " ", name);
  }
  return found;
}

std::string CompiledFor() {
#if defined(__AVX512BF16__)
  return "AVX-512 BF16";
#elif defined(__AVX512F__)
  return "AVX-512";
#elif defined(__AVX2__)
  return "AVX2";
#elif defined(__x86_64__)
  return "x86-64";
#else
  return "a processor that is not x86-64";
#endif
}

std::string OnednnIsa() {
  const dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  switch (static_cast<int>(isa)) {
    case dnnl_cpu_isa_sse41:
      return "SSE4.1";
    case dnnl_cpu_isa_avx:
      return "AVX";
    case dnnl_cpu_isa_avx2:
      return "AVX2";
    case dnnl_cpu_isa_avx2_vnni:
      return "AVX2 VNNI";
    case dnnl_cpu_isa_avx512_core:
      return "AVX-512";
    case dnnl_cpu_isa_avx512_core_vnni:
      return "AVX-512 VNNI";
    case dnnl_cpu_isa_avx512_core_bf16:
      return "AVX-512 BF16";
    case dnnl_cpu_isa_avx512_core_amx:
      return "AVX-512 AMX";
  }
  return absl::StrFormat("0x%x (dnnl_cpu_isa_t)", static_cast<int>(isa));
}

std::string Bfloat16Path() {
  if (HasTiles()) return "AMX, convolutions by oneDNN or in our own tiles";
  return HasBfloat16() ? "AVX-512 BF16" : "widened to float32";
}

// "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...": the second word.
std::string OpenBlasVersion() {
  const std::string config = openblas_get_config();
  const size_t begin = config.find(' ') + 1;
  return config.substr(begin, config.find(' ', begin) - begin);
}

double BestGflops(GemmLibrary library, int64_t size, double seconds) {
  using Clock = std::chrono::steady_clock;
  const std::vector<float> a(size * size, 0.5f), b(size * size, 0.25f);
  std::vector<float> c(size * size);
  const double operations = 2.0 * static_cast<double>(size) * size * size;
  // Small products in groups that the clock can tell apart.
  const int group = std::max(1, static_cast<int>(1e7 / operations));
  const auto multiply = [&] {
    GemmWith(library, Transpose::kNo, Transpose::kNo, size, size, size, 1.0f, a.data(), size,
             b.data(), size, 0.0f, c.data(), size);
  };
  multiply();  // makes what is made once: code, a team of threads
  double best = 0;
  const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                   std::chrono::duration<double>(seconds));
  do {
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < group; ++i) multiply();
    const double taken = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::max(best, group * operations / taken * 1e-9);
  } while (Clock::now() < end);
  return best;
}

}  // namespace

SystemInfo GetSystemInfo() {
  EnsureOpenBlasKernels();
  SystemInfo info;
  info.processor = absl::StrFormat("%s (family %s, model %s)", CpuInfo("model name"),
                                   CpuInfo("cpu family"), CpuInfo("model"));
  info.features = Features(CpuInfo("flags"));
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) info.processors = CPU_COUNT(&allowed);
  info.threads = omp_get_max_threads();
  info.compiled_for = CompiledFor();
  const dnnl_version_t* onednn = dnnl_version();
  info.libraries = {
      {"OpenBLAS", OpenBlasVersion()},
      {"oneDNN", absl::StrFormat("%d.%d.%d", onednn->major, onednn->minor, onednn->patch)},
      {"Eigen",
       absl::StrFormat("%d.%d.%d", EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION)},
      {"Abseil", absl::StrCat(ABSL_LTS_RELEASE_VERSION, ".", ABSL_LTS_RELEASE_PATCH_LEVEL)},
      {"Protobuf", google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION)},
      {"zlib", zlibVersion()},
  };
  info.openblas_kernels = OpenBlasKernels();
  info.openblas_uses_openmp = openblas_get_parallel() == OPENBLAS_OPENMP;
  info.onednn_isa = OnednnIsa();
  info.bfloat16 = Bfloat16Path();
  return info;
}

std::vector<GemmSpeed> MeasureGemm(double seconds) {
  std::vector<GemmSpeed> speeds;
  for (auto [library, name] : {std::pair{GemmLibrary::kOpenBlas, "OpenBLAS"},
                               {GemmLibrary::kOnednnSgemm, "oneDNN sgemm"},
                               {GemmLibrary::kOnednnMatmul, "oneDNN matmul"}}) {
    for (int64_t size : {64, 256, 1024}) {
      speeds.push_back({name, size, BestGflops(library, size, seconds)});
    }
  }
  return speeds;
}

std::string FormatBuild(const SystemInfo& info) {
  std::string text = absl::StrCat("compiled for ", info.compiled_for, "\nlibraries    ");
  for (size_t i = 0; i < info.libraries.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", info.libraries[i].first, " ",
                    info.libraries[i].second);
  }
  return text + "\n";
}

std::string FormatKernels(const SystemInfo& info) {
  return absl::StrCat("OpenBLAS: ", info.openblas_kernels, ", ",
                      info.openblas_uses_openmp ? "OpenMP" : "threads of its own",
                      "; oneDNN: ", info.onednn_isa, "; bfloat16: ", info.bfloat16);
}

std::string FormatSystemInfo(const SystemInfo& info, const std::vector<GemmSpeed>& speeds) {
  std::string text;
  absl::StrAppend(&text, "processor    ", info.processor, ", ", info.features, "\n");
  absl::StrAppend(&text, "threads      ", info.threads, " (OpenMP) on ", info.processors,
                  " processors\n", FormatBuild(info), "kernels      ", FormatKernels(info), "\n");
  if (!info.openblas_uses_openmp) {
    absl::StrAppend(&text,
                    "warning      this OpenBLAS starts its own threads beside OpenMP's: install ",
                    "libopenblas0-openmp\n");
  }
  if (info.features.find("AVX-512") != std::string::npos &&
      !IsAvx512Kernel(info.openblas_kernels)) {
    absl::StrAppend(&text, "warning      OpenBLAS does not use the processor's AVX-512 ",
                    "(OPENBLAS_CORETYPE chooses its kernels)\n");
  }
  for (const GemmSpeed& speed : speeds) {
    absl::StrAppendFormat(&text, "%-13s C = A·B of %d×%d: %.1f GFLOP/s\n", speed.library,
                          speed.size, speed.size, speed.gflops);
  }
  return text;
}

}  // namespace pretext
