#include "pipelines/run/projector.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/str_split.h"
#include "base/file/read_file.h"
#include "base/file/testing.h"
#include "pipelines/run/projector_config.pb.h"

namespace pretext {
namespace {

// Read as TensorBoard's projector plugin does: the config merged as text, paths from its folder,
// lines of the vectors split at tabs.
TEST(Projector, IsReadAsItWasWritten) {
  const TestFolder folder;
  const std::vector<float> values = {1, -2.5f, 3e-20f, 0.1f, 5, 6};
  ProjectorPoints points{.count = 2, .width = 3, .values = values.data(), .index = {4, 7}};
  points.label = {"a\tb", "c\nd"};
  points.text = {"one\r\ntwo", "drei"};
  points.sprite = "png";
  points.cell_width = 28;
  points.cell_height = 20;
  ASSERT_TRUE(WriteProjector(folder / "tensorboard", points).ok());

  tensorboard::ProjectorConfig config;
  ASSERT_TRUE(google::protobuf::TextFormat::MergeFromString(
      *ReadFile(folder / "tensorboard/projector_config.pbtxt"), &config));
  ASSERT_EQ(config.embeddings_size(), 1);
  const auto& embedding = config.embeddings(0);
  EXPECT_EQ(embedding.tensor_shape(0), 2u);
  EXPECT_EQ(embedding.tensor_shape(1), 3u);
  EXPECT_EQ(embedding.sprite().single_image_dim(0), 28u);
  EXPECT_EQ(embedding.sprite().single_image_dim(1), 20u);
  const auto read = [&](const std::string& path) {
    return *ReadFile(folder / ("tensorboard/" + path));
  };
  EXPECT_EQ(read(embedding.sprite().image_path()), "png");
  std::vector<float> back;
  for (const auto line : absl::StrSplit(read(embedding.tensor_path()), '\n', absl::SkipEmpty())) {
    for (const auto value : absl::StrSplit(line, '\t'))
      back.push_back(std::strtof(std::string(value).c_str(), nullptr));
  }
  ASSERT_EQ(back.size(), values.size());
  // Six digits are written.
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_TRUE(std::abs(back[i] - values[i]) <= 1e-5 * std::abs(values[i])) << i;
  EXPECT_EQ(read(embedding.metadata_path()),
            "index\tclass\ttext\n4\ta b\tone  two\n7\tc d\tdrei\n");
}

}  // namespace
}  // namespace pretext
