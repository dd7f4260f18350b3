#include "pipelines/run/tensorboard.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "pipelines/run/tensorboard_event.pb.h"

namespace pretext {
namespace {

// Known answers of RFC 3720, appendix B.4.
TEST(Crc32c, KnownAnswers) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
}

TEST(TensorBoardWriter, EveryRecordReadsBack) {
  const std::string folder = testing::TempDir() + "/tensorboard";
  std::filesystem::remove_all(folder);
  TensorBoardWriter writer;
  ASSERT_TRUE(writer.Open(folder).ok());
  ASSERT_TRUE(writer.Write(7, {{"loss", 0.5}, {"eval/knn", 84.25}}).ok());
  const auto path = std::filesystem::directory_iterator(folder)->path();
  std::ifstream file(path, std::ios::binary);
  const std::string data{std::istreambuf_iterator<char>(file), {}};
  std::vector<tensorboard::Event> events;
  for (size_t at = 0; at < data.size();) {
    uint64_t length = 0;
    std::memcpy(&length, data.data() + at, 8);
    events.emplace_back();
    ASSERT_TRUE(events.back().ParseFromString(data.substr(at + 12, length)));
    at += 16 + length;
  }
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].file_version(), "brain.Event:2");
  EXPECT_EQ(events[1].step(), 7);
  EXPECT_EQ(events[1].summary().value(1).tag(), "eval/knn");
  EXPECT_EQ(events[1].summary().value(1).simple_value(), 84.25f);
}

TEST(TensorBoardWriter, AFolderThatCannotBeMadeIsAnError) {
  TensorBoardWriter writer;
  EXPECT_FALSE(writer.Open("/proc/nowhere").ok());
}

}  // namespace
}  // namespace pretext
