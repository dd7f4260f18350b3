#include "pipelines/trained/use_overrides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using testing::HasSubstr;

std::string Fault(const std::string& override) {
  const auto read = ReadUseOverrides({override}, {"evaluate", "train.precision"});
  EXPECT_FALSE(read.ok()) << override;
  return std::string(read.status().message());
}

TEST(UseOverrides, WhatIsAskedIsRead) {
  const auto read = ReadUseOverrides({"evaluate { knn { k: 3 } }", "train { precision: BF16 }"},
                                     {"evaluate", "train.precision"});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->config->evaluate().knn(0).k(), 3);
  EXPECT_EQ(read->config->train().precision(), Pipeline::Train::BF16);
  EXPECT_TRUE(ReadUseOverrides({}, {"evaluate"}).ok());
}

// Whatever is merged and then not looked at would mean something else without a word.
TEST(UseOverrides, WhatCannotBeAnotherIsRefusedAtItsPlace) {
  EXPECT_EQ(Fault("train { steps: 1 }"),
            "--override #1:1:9: train.steps: it is used as it was trained: of a pipeline only "
            "evaluate { … } and train { precision } can be another here");
  EXPECT_THAT(Fault("views { count: 2 }"), HasSubstr("--override #1:1:1: views: "));
  EXPECT_THAT(Fault("name: 'x'"), HasSubstr("name: "));
  EXPECT_THAT(Fault("evaluate { validation: 0.5 }"), HasSubstr("nothing is trained here"));
  const auto embedding = ReadUseOverrides({"evaluate { batch_size: 2 }"}, {"train.precision"});
  EXPECT_THAT(std::string(embedding.status().message()), HasSubstr("only train { precision } can"));
}

TEST(UseOverrides, ValuesHaveTheirRanges) {
  EXPECT_THAT(Fault("evaluate { batch_size: 0 }"),
              HasSubstr("--override #1:1:12: evaluate.batch_size: must be from 1 to"));
  EXPECT_THAT(Fault("evaluate { max_test_samples: -1 }"), HasSubstr("must not be negative"));
  EXPECT_THAT(Fault("evaluate { knn { k: 3 } knn { k: 3 } }"), HasSubstr("is knn[0] again"));
}

}  // namespace
}  // namespace pretext
