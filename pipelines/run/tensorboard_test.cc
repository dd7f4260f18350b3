#include "pipelines/run/tensorboard.h"

#include <gtest/gtest.h>

#include <algorithm>
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
  ASSERT_TRUE(writer.Open(folder, 5).ok());
  const auto describe = [](absl::string_view tag) -> std::string {
    return tag == "eval/knn" ? "accuracy" : "";
  };
  ASSERT_TRUE(writer.Write(7, {{"loss", 0.5}, {"eval/knn", 84.25}}, describe).ok());
  ASSERT_TRUE(writer.Write(8, {{"eval/knn", 84.5}}, describe).ok());
  const auto path = std::filesystem::directory_iterator(folder)->path();
  std::ifstream file(path, std::ios::binary);
  const std::string data{std::istreambuf_iterator<char>(file), {}};
  // As every event file of TensorFlow's begins: 24 bytes, and the masked checksum of that number.
  EXPECT_EQ(data.substr(0, 12), std::string("\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22", 12));
  std::vector<tensorboard::Event> events;
  for (size_t at = 0; at < data.size();) {
    uint64_t length = 0;
    std::memcpy(&length, data.data() + at, 8);
    uint32_t masked = 0;
    std::memcpy(&masked, data.data() + at + 12 + length, 4);
    const uint32_t turned = masked - 0xa282ead8u;
    EXPECT_EQ(turned << 15 | turned >> 17, Crc32c(data.substr(at + 12, length)));
    events.emplace_back();
    ASSERT_TRUE(events.back().ParseFromString(data.substr(at + 12, length)));
    at += 16 + length;
  }
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0].file_version(), "brain.Event:2");
  EXPECT_EQ(events[1].step(), 5);
  EXPECT_EQ(events[1].session_log().status(), tensorboard::SessionLog::START);
  EXPECT_EQ(events[2].step(), 7);
  EXPECT_EQ(events[2].summary().value(1).tag(), "eval/knn");
  EXPECT_EQ(events[2].summary().value(1).simple_value(), 84.25f);
  EXPECT_FALSE(events[2].summary().value(0).has_metadata());
  EXPECT_EQ(events[2].summary().value(1).metadata().summary_description(), "accuracy");
  EXPECT_FALSE(events[3].summary().value(0).has_metadata()) << "once";
}

// TensorBoard reads files in the order of their names.
TEST(TensorBoardWriter, ALaterFileHasALaterName) {
  const std::string folder = testing::TempDir() + "/names";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/events.out.tfevents.4000000000.99999.pretext") << "";
  for (const char* seconds : {"4000000001.", "4000000002."}) {
    ASSERT_TRUE(TensorBoardWriter().Open(folder, 0).ok());
    const auto begins = [&](const auto& entry) {
      return entry.path().filename().string().rfind(std::string("events.out.tfevents.") + seconds,
                                                    0) == 0;
    };
    EXPECT_EQ(std::count_if(std::filesystem::directory_iterator(folder), {}, begins), 1) << seconds;
  }
}

TEST(TensorBoardWriter, AFolderThatCannotBeMadeIsAnError) {
  TensorBoardWriter writer;
  EXPECT_FALSE(writer.Open("/proc/nowhere", 0).ok());
}

}  // namespace
}  // namespace pretext
