#include "pipelines/text/config_differences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/testing/fake_plugins.h"
#include "pipelines/text/load_pipeline.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using pretext::testing::FakePipeline;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "PATH: BEFORE -> AFTER" of the fake pipeline and it with an override.
std::vector<std::string> Differences(const std::string& change) {
  LoadedPipeline before = LoadPipelineText("p", FakePipeline());
  LoadedPipeline after = LoadPipelineText("p", FakePipeline(), {change});
  EXPECT_TRUE(after.map.ok()) << after.map.status();
  FillDefaults(before.config.get());
  FillDefaults(after.config.get());
  std::vector<std::string> lines;
  for (const ConfigDifference& d : CompareConfigs(*before.config, *after.config)) {
    lines.push_back(d.path + ": " + d.before + " -> " + d.after);
  }
  return lines;
}

TEST(CompareConfigs, FieldsOfSectionsAndParts) {
  EXPECT_THAT(Differences("train { epochs: 2 }"), IsEmpty());
  EXPECT_THAT(Differences("name: \"other\" train { batch_size: 16 }"),
              ElementsAre("name: \"fake\" -> \"other\"", "train.batch_size: 8 -> 16"));
  EXPECT_THAT(Differences("train { steps: 9 }"),
              ElementsAre("train.epochs: 2 -> nothing", "train.steps: nothing -> 9"));
  EXPECT_THAT(Differences("schedule { decay: LINEAR }"),
              ElementsAre("schedule.decay: COSINE -> LINEAR"));
  EXPECT_THAT(Differences("loss { [type.googleapis.com/pretext.testing.FakeLoss] { "
                          "temperature: 0.5 } }"),
              ElementsAre("loss.temperature: 0.1 -> 0.5"));
}

TEST(CompareConfigs, ListsAndTypes) {
  EXPECT_THAT(Differences("encoder { [type.googleapis.com/pretext.testing.FakeEncoder] { "
                          "width: [16, 4, 2] } }"),
              ElementsAre("encoder.width[1]: 8 -> 4", "encoder.width[2]: nothing -> 2"));
  EXPECT_THAT(Differences("views { augmentation { "
                          "[type.googleapis.com/pretext.testing.FakeCrop] {} } }"),
              ElementsAre("views.augmentation[0]: pretext.testing.FakeNoise -> "
                          "pretext.testing.FakeCrop"));
}

}  // namespace
}  // namespace pretext
