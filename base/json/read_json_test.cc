#include "base/json/read_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file/file_writer.h"
#include "base/file/testing.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(ReadJsonFile, GivesAnObject) {
  const TestFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "a.json", R"({"width": 16, "list": ["x"]})").ok());
  const auto object = ReadJsonFile(folder / "a.json");
  ASSERT_TRUE(object.ok()) << object.status();
  EXPECT_EQ(object->fields().at("width").number_value(), 16);
  EXPECT_EQ(object->fields().at("list").list_value().values(0).string_value(), "x");
}

TEST(ReadJsonFile, SaysThePathAndTheReason) {
  const TestFolder folder;
  const std::string path = folder / "a.json", begin = path + ": is no JSON object: ";
  for (const char* text : {"", "[1]", "{\"a\": 1", "{\"a\": nope}"}) {
    ASSERT_TRUE(WriteFileAtomically(path, text).ok());
    const absl::Status status = ReadJsonFile(path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << text;
    EXPECT_THAT(std::string(status.message()), AllOf(StartsWith(begin), Not(begin))) << text;
  }
  const absl::Status none = ReadJsonFile(folder / "b.json").status();
  EXPECT_EQ(none.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(none.message()), HasSubstr("b.json"));
  EXPECT_EQ(ReadJsonFile(path, /*most_bytes=*/4).status().code(), absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace pretext
