#include "cli/system_info.h"

#include <gtest/gtest.h>
#include <omp.h>

namespace pretext {
namespace {

TEST(SystemInfoTest, NamesProcessorLibrariesAndKernels) {
  const SystemInfo info = GetSystemInfo();
  EXPECT_NE(info.processor.find("family "), std::string::npos) << info.processor;
  EXPECT_NE(info.features.find("AVX2"), std::string::npos) << info.features;
  EXPECT_EQ(info.threads, omp_get_max_threads());
  EXPECT_GE(info.processors, 1);
  EXPECT_TRUE(info.openblas_uses_openmp);
  ASSERT_GE(info.libraries.size(), 6u);
  for (const auto& [name, version] : info.libraries) {
    EXPECT_NE(version.find_first_of("0123456789"), std::string::npos) << name << " " << version;
  }
}

TEST(SystemInfoTest, SaysWhatMultipliesBfloat16) {
  const SystemInfo info = GetSystemInfo();
  EXPECT_NE(FormatKernels(info).find("; bfloat16: "), std::string::npos) << FormatKernels(info);
  // What oneDNN may use decides, ours included.
  EXPECT_EQ(info.bfloat16.starts_with("AMX"), info.onednn_isa.ends_with("AMX")) << info.bfloat16;
}

TEST(SystemInfoTest, TextHasEverySpeedAndWarns) {
  SystemInfo info = GetSystemInfo();
  const std::string good = FormatSystemInfo(info, {{"oneDNN sgemm", 256, 123.4}});
  EXPECT_NE(good.find("256×256: 123.4 GFLOP/s"), std::string::npos) << good;
  EXPECT_EQ(good.find("starts its own threads"), std::string::npos) << good;
  info.openblas_uses_openmp = false;
  info.features = "AVX2 AVX-512";
  info.openblas_kernels = "Haswell";
  const std::string bad = FormatSystemInfo(info, {});
  EXPECT_NE(bad.find("libopenblas0-openmp"), std::string::npos) << bad;
  EXPECT_NE(bad.find("OPENBLAS_CORETYPE"), std::string::npos) << bad;
}

TEST(SystemInfoTest, MeasuresEachLibrary) {
  for (const GemmSpeed& speed : MeasureGemm(0.001)) {
    EXPECT_GT(speed.gflops, 0) << speed.library << " " << speed.size;
    EXPECT_LT(speed.gflops, 1e6) << speed.library << " " << speed.size;
  }
}

}  // namespace
}  // namespace pretext
