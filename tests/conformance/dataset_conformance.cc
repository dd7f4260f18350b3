// What every dataset must do, on its example.
#include "core/plugin/dataset.h"
#include "tests/conformance/fixture.h"

namespace pretext {
namespace {

using Entry = Registry<Dataset>::Entry;

class DatasetConformance : public testing::TestWithParam<const Entry*> {
 protected:
  void SetUp() override {
    auto dataset = GetParam()->create(*ExampleConfig(*GetParam()), BuildContext());
    ASSERT_TRUE(dataset.ok()) << dataset.status();
    dataset_ = *std::move(dataset);
    ASSERT_TRUE(dataset_->Load().ok()) << dataset_->Load();
  }
  std::unique_ptr<Dataset> dataset_;
};

TEST_P(DatasetConformance, EverySampleIsOfItsType) {
  const FlowType type = dataset_->type();
  EXPECT_GT(dataset_->size(Split::kTrain), 0);
  EXPECT_FALSE(dataset_->Summary().empty());
  for (Split split : {Split::kTrain, Split::kTest}) {
    for (int64_t i = 0; i < dataset_->size(split); ++i) {
      Sample sample;
      ASSERT_TRUE(dataset_->Read(split, i, sample).ok());
      EXPECT_EQ(sample.index, i);
      EXPECT_EQ(sample.type, type);
      const bool tokens = type.is(FlowType::Kind::kTokens);
      EXPECT_EQ(static_cast<int64_t>(tokens ? sample.tokens.size() : sample.values.size()),
                type.size());
      for (int32_t id : sample.tokens) EXPECT_TRUE(id >= 0 && id < type.vocabulary);
      if (dataset_->labelled()) {
        EXPECT_TRUE(sample.label >= 0 && sample.label < dataset_->classes());
      } else {
        EXPECT_EQ(sample.label, -1);
      }
    }
  }
}

TEST_P(DatasetConformance, ReadingTwiceGivesTheSame) {
  Sample a, b;
  ASSERT_TRUE(dataset_->Read(Split::kTrain, 0, a).ok());
  ASSERT_TRUE(dataset_->Read(Split::kTrain, 0, b).ok());
  EXPECT_EQ(a.values, b.values);
  EXPECT_EQ(a.tokens, b.tokens);
}

TEST_P(DatasetConformance, BadFieldsAreNamed) {
  ExpectBadFieldsAreNamed(*GetParam(), [&](const google::protobuf::Message& config) {
    return GetParam()->create(config, BuildContext()).status();
  });
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DatasetConformance);
INSTANTIATE_TEST_SUITE_P(Plugins, DatasetConformance,
                         testing::ValuesIn(Registry<Dataset>::Entries()),
                         [](const auto& info) { return TestName(*info.param); });

}  // namespace
}  // namespace pretext
