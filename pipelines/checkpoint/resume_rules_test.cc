#include "pipelines/checkpoint/resume_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "pipelines/testing/fake_plugins.h"
#include "pipelines/text/load_pipeline.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using pretext::testing::FakePipeline;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

RunOrigin Origin(const std::string& change = "") {
  const LoadedPipeline pipeline = LoadPipelineText("p", FakePipeline(), {change});
  EXPECT_TRUE(pipeline.map.ok()) << pipeline.map.status();
  return {"1.0", "8 samples 00000000", ResolvedText(*pipeline.config, "1.0")};
}

std::string Refusal(const RunOrigin& is) {
  const absl::Status status = CheckResumable(Origin(), is);
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

TEST(CheckResumable, WhatMayChange) {
  for (const char* change :
       {"", "train { epochs: 9 }", "train { steps: 9 }", "train { log_every: 3 threads: 2 }",
        "schedule { decay: CONSTANT warmup_steps: 3 }", "evaluate { every_epochs: 1 }",
        "evaluate { knn { k: 3 } }", "checkpoints { keep: 3 best: \"probe\" }", "name: \"other\"",
        "output { tensorboard: false }",
        "dataset { [type.googleapis.com/pretext.testing.FakeImages] { path: \"moved\" } }"}) {
    EXPECT_EQ(Refusal(Origin(change)), "") << change;
  }
}

TEST(CheckResumable, WhatMayNotIsNamedWithBothValues) {
  EXPECT_THAT(Refusal(Origin("train { batch_size: 16 seed: 3 epochs: 4 }")),
              AllOf(HasSubstr("train.batch_size: is 16 now, and was 8 when the run was begun"),
                    HasSubstr("train.seed: is 3 now, and was 1"), Not(HasSubstr("epochs"))));
  EXPECT_THAT(Refusal(Origin("loss { [type.googleapis.com/pretext.testing.FakeLoss] { "
                             "temperature: 0.5 } }")),
              HasSubstr("loss.temperature: is 0.5 now, and was 0.1"));
  EXPECT_THAT(Refusal(Origin("views { augmentation { "
                             "[type.googleapis.com/pretext.testing.FakeCrop] {} } }")),
              HasSubstr("views.augmentation[0]: is pretext.testing.FakeCrop now"));
  EXPECT_THAT(Refusal(Origin("evaluate { validation: 0.1 every_epochs: 2 }")),
              AllOf(HasSubstr("evaluate.validation: is 0.1 now, and was 0"),
                    Not(HasSubstr("every_epochs"))));
  EXPECT_THAT(Refusal(Origin("output { directory: \"elsewhere\" }")),
              HasSubstr("output.directory: is \"elsewhere\" now, and was \"\""));
  RunOrigin version = Origin();
  version.version = "1.1";
  EXPECT_THAT(Refusal(version), HasSubstr("the version of pretext: is 1.1 now, and was 1.0"));
  RunOrigin data = Origin();
  data.data = "9 samples 00000000";
  EXPECT_THAT(Refusal(data), HasSubstr("the data: is 9 samples 00000000 now, and was 8 samples"));
  // Another vocabulary makes other data of the same files.
  data.tokenizer = "1";
  EXPECT_THAT(Refusal(data), AllOf(HasSubstr("the checksum of the vocabulary: is 1 now"),
                                   Not(HasSubstr("the data"))));
  EXPECT_THAT(
      Refusal(Origin("train { blocks: 2 }")),
      AllOf(HasSubstr("train.blocks: is 2 now, and was 0"), HasSubstr("without --processes")));
}

// A momentum in another unit, or none where one was.
TEST(CheckResumable, WhatGivesTheOptimizersStateItsMeaningMayNot) {
  const auto refusal = [](const std::string& type, const std::string& was, const std::string& is) {
    const auto optimizer = [&](const std::string& fields) {
      return absl::StrCat("optimizer { [type.googleapis.com/pretext.", type, "] { ", fields,
                          " } }");
    };
    const absl::Status status = CheckResumable(Origin(optimizer(was)), Origin(optimizer(is)));
    EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(refusal("Lars", "", "momentum_convention: RATE_OUTSIDE"),
              HasSubstr("optimizer.momentum_convention: is RATE_OUTSIDE now, and was RATE_INSIDE"));
  EXPECT_EQ(refusal("Lars", "", "momentum: 0.8 learning_rate: 1 denominator: SUM_OF_NORMS"), "");
  EXPECT_THAT(refusal("Sgd", "", "momentum: 0 learning_rate: 1"),
              AllOf(HasSubstr("optimizer.momentum: is 0 now, and was 0.9 when the run was begun"),
                    Not(HasSubstr("learning_rate"))));
  EXPECT_THAT(
      refusal("Sgd", "momentum: 0", "momentum: 0.5 nesterov: true"),
      AllOf(HasSubstr("optimizer.momentum: is 0.5 now, and was 0"), Not(HasSubstr("nesterov"))));
  EXPECT_EQ(refusal("Sgd", "", "momentum: 0.5 nesterov: true"), "");
  EXPECT_EQ(refusal("Sgd", "momentum: 0", "momentum: 0 learning_rate: 1"), "");
}

}  // namespace
}  // namespace pretext
