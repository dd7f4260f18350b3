#include "base/npy/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file/read_file.h"
#include "base/file/testing.h"

namespace pretext {
namespace {

TEST(NpyTest, EqualsNumPysOwnFiles) {
  const TestFolder folder;
  const std::string path = folder / "a.npy";
  {
    auto writer = NpyWriter::Create(path, NpyWriter::Type::kInt32, {2, 3});
    ASSERT_TRUE(writer.ok()) << writer.status();
    const int32_t values[] = {1, -2, 3, 40000, 5, 6};
    ASSERT_TRUE(writer->Append(values, 4).ok());
    EXPECT_THAT(folder.Names(), testing::IsEmpty());
    ASSERT_TRUE(writer->Append(values + 4, 2).ok());
    ASSERT_TRUE(writer->Finish().ok());
  }
  EXPECT_EQ(ReadFile(path).value(), ReadFile("base/npy/npy_golden_int32.npy").value());
  {
    auto writer = NpyWriter::Create(path, NpyWriter::Type::kFloat32, {4});
    ASSERT_TRUE(writer.ok()) << writer.status();
    const float values[] = {0.5f, -1.25f, 1e30f, 0.0f};
    ASSERT_TRUE(writer->Append(values, 4).ok());
    ASSERT_TRUE(writer->Finish().ok());
  }
  EXPECT_EQ(ReadFile(path).value(), ReadFile("base/npy/npy_golden_float32.npy").value());
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
    EXPECT_THAT(ReadFile(path).value(), testing::HasSubstr(text));
    EXPECT_EQ(ReadFile(path)->size(), 128 + 4 * count);
  }
}

TEST(NpyTest, WhatIsNotFinishedLeavesNothing) {
  const TestFolder folder;
  {
    auto writer = NpyWriter::Create(folder / "a.npy", NpyWriter::Type::kInt32, {2});
    ASSERT_TRUE(writer.ok());
    NpyWriter moved = *std::move(writer);
    const int32_t one = 1;
    EXPECT_TRUE(moved.Append(&one, 1).ok());
  }
  EXPECT_THAT(folder.Names(), testing::IsEmpty());
  EXPECT_THAT(
      std::string(
          NpyWriter::Create("/nonexistent/a.npy", NpyWriter::Type::kInt32, {2}).status().message()),
      testing::HasSubstr("/nonexistent/a.npy: cannot be written"));
}

// A device is written to, and stays one.
TEST(NpyTest, AFullDeviceIsAnErrorAndStays) {
  auto writer = NpyWriter::Create("/dev/full", NpyWriter::Type::kInt32, {1});
  ASSERT_TRUE(writer.ok());
  const int32_t one = 1;
  absl::Status status = writer->Append(&one, 1);
  if (status.ok()) status = writer->Finish();
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("No space left"));
  EXPECT_EQ(KindOfPath("/dev/full").value(), PathKind::kOther);
}

}  // namespace
}  // namespace pretext
