// What every augmentation must do.
#include <cmath>

#include "core/plugin/augmentation.h"
#include "tests/conformance/fixture.h"
#include "tests/conformance/letters.h"

namespace pretext {
namespace {

using Entry = Registry<Augmentation>::Entry;

class AugmentationConformance : public testing::TestWithParam<const Entry*> {
 protected:
  void SetUp() override {
    const auto config = ExampleConfig(*GetParam());
    for (const FlowType& candidate : CandidateTypes(*GetParam())) {
      const bool values =
          candidate.is(FlowType::Kind::kImage) || candidate.is(FlowType::Kind::kVector);
      const FlowType type = values ? candidate.WithRange(kUnitRange) : candidate;
      context_ = {.input = type, .sample = type, .views = 2, .tokenizer = &letters_};
      auto augmentation = GetParam()->create(*config, context_);
      if (!augmentation.ok()) continue;
      augmentation_ = *std::move(augmentation);
      return;
    }
    FAIL() << "no candidate input fits the example config";
  }

  Sample Clean(uint64_t seed) const {
    const FlowType& type = context_.input;
    const Batch batch = RandomBatch(type, 1, 1, seed);
    Sample sample;
    sample.type = type;
    if (type.is(FlowType::Kind::kTokens)) {
      sample.tokens.assign(batch.input.ints(), batch.input.ints() + batch.input.size());
      for (int32_t& id : sample.tokens) id = Letters::kFirst + id % (50 - Letters::kFirst);
      sample.length = static_cast<int32_t>(type.tokens);
    } else {
      sample.values.assign(batch.input.data(), batch.input.data() + batch.input.size());
    }
    return sample;
  }
  Sample Applied(uint64_t sample, uint64_t stream) const {
    Sample s = Clean(sample);
    Random random({.seed = 1, .purpose = Purpose::kAugmentation, .sample = stream});
    augmentation_->Apply(s, random);
    return s;
  }

  Letters letters_;
  BuildContext context_;
  std::unique_ptr<Augmentation> augmentation_;
};

TEST_P(AugmentationConformance, KeepsItsDeclaredType) {
  for (uint64_t stream = 0; stream < 50; ++stream) {
    const Sample s = Applied(stream, stream);
    EXPECT_EQ(s.type, augmentation_->output());
    const auto size = static_cast<size_t>(s.type.size());
    if (s.type.is(FlowType::Kind::kTokens)) {
      ASSERT_EQ(s.tokens.size(), size);
      for (int32_t id : s.tokens) EXPECT_TRUE(id >= 0 && id < s.type.vocabulary);
    } else {
      ASSERT_EQ(s.values.size(), size);
      for (float v : s.values) EXPECT_TRUE(std::isfinite(v));
    }
  }
}

// What comes after relies on it.
TEST_P(AugmentationConformance, KeepsWithinItsDeclaredRange) {
  const std::optional<ValueRange> range = augmentation_->output().range;
  if (!range) return;
  constexpr float kRounding = 1e-5f;  // a few roundings of numbers below 10
  for (uint64_t stream = 0; stream < 50; ++stream) {
    for (const float v : Applied(stream, stream).values) {
      ASSERT_TRUE(v >= range->low - kRounding && v <= range->high + kRounding) << v;
    }
  }
}

TEST_P(AugmentationConformance, IsAFunctionOfItsStream) {
  for (uint64_t stream = 0; stream < 50; ++stream) {
    const Sample a = Applied(3, stream), b = Applied(3, stream);
    EXPECT_EQ(a.values, b.values);
    EXPECT_EQ(a.tokens, b.tokens);
  }
}

// An encoder is given what it was built for in evaluation too.
TEST_P(AugmentationConformance, KeepsItsSizeInEvaluation) {
  Sample s = Clean(3);
  augmentation_->ApplyInEvaluation(s);
  EXPECT_EQ(s.type.kind, augmentation_->output().kind);
  EXPECT_EQ(s.type.Batch(1), augmentation_->output().Batch(1));
  const auto size = static_cast<size_t>(s.type.size());
  EXPECT_EQ(s.type.is(FlowType::Kind::kTokens) ? s.tokens.size() : s.values.size(), size);
}

TEST_P(AugmentationConformance, BadFieldsAreNamed) {
  ExpectBadFieldsAreNamed(*GetParam(), [&](const google::protobuf::Message& config) {
    return GetParam()->create(config, context_).status();
  });
}

TEST_P(AugmentationConformance, AnUnknownInputIsNoCrash) {
  GetParam()->create(*ExampleConfig(*GetParam()), BuildContext()).status().IgnoreError();
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AugmentationConformance);
INSTANTIATE_TEST_SUITE_P(Plugins, AugmentationConformance,
                         testing::ValuesIn(Registry<Augmentation>::Entries()),
                         [](const auto& info) { return TestName(*info.param); });

}  // namespace
}  // namespace pretext
