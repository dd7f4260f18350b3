#include "base/npy/npy.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(NpyTest, EqualsNumPysOwnFiles) {
  const std::string path = testing::TempDir() + "/a.npy";
  {
    auto writer = NpyWriter::Create(path, NpyWriter::Type::kInt32, {2, 3});
    ASSERT_TRUE(writer.ok()) << writer.status();
    const int32_t values[] = {1, -2, 3, 40000, 5, 6};
    ASSERT_TRUE(writer->Append(values, 4).ok());
    EXPECT_FALSE(std::filesystem::exists(path));
    ASSERT_TRUE(writer->Append(values + 4, 2).ok());
    ASSERT_TRUE(writer->Finish().ok());
  }
  EXPECT_EQ(ReadFile(path), ReadFile("base/npy/npy_golden_int32.npy"));
  {
    auto writer = NpyWriter::Create(path, NpyWriter::Type::kFloat32, {4});
    ASSERT_TRUE(writer.ok()) << writer.status();
    const float values[] = {0.5f, -1.25f, 1e30f, 0.0f};
    ASSERT_TRUE(writer->Append(values, 4).ok());
    ASSERT_TRUE(writer->Finish().ok());
  }
  EXPECT_EQ(ReadFile(path), ReadFile("base/npy/npy_golden_float32.npy"));
  // Other numbers of dimensions and equal extents: the headers NumPy writes.
  const std::pair<std::vector<int64_t>, const char*> shapes[] = {
      {{0, 7}, "(0, 7), }"}, {{}, "(), }"}, {{2, 2, 2}, "(2, 2, 2), }"}};
  for (const auto& [shape, text] : shapes) {
    auto writer = NpyWriter::Create(path, NpyWriter::Type::kInt32, shape);
    ASSERT_TRUE(writer.ok());
    const int32_t zeros[8] = {};
    int64_t count = 1;
    for (const int64_t extent : shape) count *= extent;
    ASSERT_TRUE(writer->Append(zeros, count).ok());
    ASSERT_TRUE(writer->Finish().ok());
    EXPECT_THAT(ReadFile(path), testing::HasSubstr(text));
    EXPECT_EQ(ReadFile(path).size(), 128 + 4 * count);
  }
}

TEST(NpyTest, WhatIsNotFinishedLeavesNothing) {
  const std::string folder = testing::TempDir() + "/npy";
  std::filesystem::create_directories(folder);
  {
    auto writer = NpyWriter::Create(folder + "/a.npy", NpyWriter::Type::kInt32, {2});
    ASSERT_TRUE(writer.ok());
    NpyWriter moved = *std::move(writer);
    const int32_t one = 1;
    EXPECT_TRUE(moved.Append(&one, 1).ok());
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  EXPECT_THAT(
      std::string(
          NpyWriter::Create("/nonexistent/a.npy", NpyWriter::Type::kInt32, {2}).status().message()),
      testing::HasSubstr("/nonexistent/a.npy: cannot be made"));
}

}  // namespace
}  // namespace pretext
