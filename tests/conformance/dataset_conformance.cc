// What every dataset must do, on its example.
#include <map>
#include <optional>
#include <utility>
#include <vector>

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
    extent_ = dataset_->extent();
    ASSERT_TRUE(dataset_->Load().ok()) << dataset_->Load();
  }
  std::unique_ptr<Dataset> dataset_;
  DatasetExtent extent_;  // as it was before loading
};

// What is known before loading is what is loaded.
TEST_P(DatasetConformance, KeepsItsDeclaredExtent) {
  if (extent_.train == 0) return;
  EXPECT_GE(extent_.train, dataset_->size(Split::kTrain));
  EXPECT_GE(extent_.test, dataset_->size(Split::kTest));
  if (!extent_.exact) return;
  EXPECT_EQ(extent_.train, dataset_->size(Split::kTrain));
  EXPECT_EQ(extent_.test, dataset_->size(Split::kTest));
}

TEST_P(DatasetConformance, KeepsWithinItsDeclaredRange) {
  const FlowType type = dataset_->type();
  if (!type.is(FlowType::Kind::kImage)) return;
  const ValueRange range = type.range.value_or(kUnitRange);
  for (int64_t i = 0; i < dataset_->size(Split::kTrain); ++i) {
    Sample sample;
    ASSERT_TRUE(dataset_->Read(Split::kTrain, i, sample).ok());
    for (const float v : sample.values) ASSERT_TRUE(v >= range.low && v <= range.high) << v;
  }
}

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

// What is known of a sample without reading it fits what reading gives: samples of one sum are
// equal.
TEST_P(DatasetConformance, KnowsOfASampleWhatReadingGives) {
  std::map<uint32_t, std::pair<std::vector<float>, std::vector<int32_t>>> samples;
  for (Split split : {Split::kTrain, Split::kTest}) {
    for (int64_t i = 0; i < dataset_->size(split); ++i) {
      Sample sample;
      ASSERT_TRUE(dataset_->Read(split, i, sample).ok());
      const std::optional<int32_t> label = dataset_->Label(split, i);
      EXPECT_EQ(label.has_value(), dataset_->Label(split, 0).has_value());
      EXPECT_EQ(label.value_or(sample.label), sample.label);
      const std::optional<SampleSum> sum = dataset_->Sum(split, i);
      EXPECT_EQ(sum.has_value(), dataset_->Sum(split, 0).has_value());
      if (!sum.has_value()) continue;
      EXPECT_EQ(sum->label, sample.label);
      const auto content = std::pair(sample.values, sample.tokens);
      EXPECT_TRUE(samples.emplace(sum->content, content).first->second == content) << i;
    }
  }
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
