// Every pipeline in pipelines/ assembles in the shipped binary's plugins.
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "base/npy/npy.h"
#include "datasets/cifar/generated_cifar.h"
#include "gtest/gtest.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/assembly/description.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

// As `pretext embed` writes them.
void WriteFeatures(const std::string& path) {
  constexpr int64_t kRows = 300, kFeatures = 128;
  auto writer = NpyWriter::Create(path, NpyWriter::Type::kFloat32, {kRows, kFeatures});
  ASSERT_TRUE(writer.ok()) << writer.status();
  const std::vector<float> values(kRows * kFeatures, 0.5f);
  ASSERT_TRUE(writer->Append(values.data(), kRows * kFeatures).ok());
  ASSERT_TRUE(writer->Finish().ok());
}

// Where the pipelines' relative paths start: a folder with stand-ins for the data that Debian has
// not.
std::string WriteData() {
  const std::string folder = std::getenv("TEST_TMPDIR");
  const std::string cifar = folder + "/data/cifar-10-batches-bin";
  std::filesystem::create_directories(cifar);
  const absl::Status written = WriteGeneratedCifar10(cifar, 5, 10, 10);
  EXPECT_TRUE(written.ok()) << written;
  // As bazel-bin has it when the program is built.
  const std::string built = folder + "/bazel-bin/third_party";
  std::filesystem::create_directories(built);
  std::filesystem::copy_file("third_party/gcide.dict.dz", built + "/gcide.dict.dz",
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::copy(
      "datasets/image_folder/testdata", built + "/openclipart",
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  WriteFeatures(folder + "/data/features.npy");
  return folder;
}

std::set<std::string> Shipped() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("pipelines")) {
    if (entry.path().extension() == ".textproto") names.insert(entry.path().stem().string());
  }
  return names;
}

class ShippedPipelineTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ShippedPipelineTest, Assembles) {
  const auto parts =
      AssembleFile("pipelines/" + GetParam() + ".textproto", {}, {.base_directory = WriteData()});
  ASSERT_TRUE(parts.ok()) << parts.status().message();
  EXPECT_EQ(parts->config->name(), GetParam()) << "named as its file";
  EXPECT_TRUE(absl::StrContains(DescribePipeline(*parts), "encoder"));

  const std::string resolved = ResolvedText(*parts->config, "test");
  const LoadedPipeline again = LoadPipelineText("resolved", resolved);
  ASSERT_TRUE(again.map.ok()) << again.map.status();
  EXPECT_EQ(ResolvedText(*again.config, "test"), resolved);
}

INSTANTIATE_TEST_SUITE_P(All, ShippedPipelineTest, ::testing::ValuesIn(Shipped()),
                         [](const auto& info) { return info.param; });

// No tests of no pipelines.
TEST(ShippedPipelinesTest, AreThere) { EXPECT_FALSE(Shipped().empty()); }

}  // namespace
}  // namespace pretext
