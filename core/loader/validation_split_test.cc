#include "core/loader/validation_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace pretext {
namespace {

using testing::HasSubstr;

// `count` samples of values 0, 1, … below `different`, over and over; the test split is one of 7.
class Values : public Dataset {
 public:
  Values(int64_t count, int64_t different) : count_(count), different_(different) {}
  FlowType type() const override { return FlowType::Vector(2); }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split split) const override { return split == Split::kTrain ? count_ : 1; }
  absl::Status Read(Split split, int64_t index, Sample& sample) const override {
    EXPECT_NE(split, Split::kValidation) << "no dataset knows of it";
    if (index == 500) return absl::DataLossError("the 501st");
    const auto value = static_cast<float>(split == Split::kTrain ? index % different_ : 7);
    sample.index = index;
    sample.values = {value, -value};
    return absl::OkStatus();
  }
  DatasetExtent extent() const override { return {.train = count_, .test = 1, .bytes = 8}; }
  std::string Summary() const override { return "values"; }

 private:
  const int64_t count_, different_;
};

ValidationSplit Quarter(int64_t count, int64_t different) {
  return ValidationSplit(std::make_unique<Values>(count, different), 0.25);
}

TEST(ValidationSplit, KeepsItsShareAndReadsEverySampleOnce) {
  ValidationSplit split = Quarter(400, 400);
  EXPECT_EQ(split.extent().train, 400);
  EXPECT_EQ(split.extent().bytes, 8) << "what an estimate of memory asks before loading";
  ASSERT_TRUE(split.Load().ok());
  const int64_t train = split.size(Split::kTrain), kept = split.size(Split::kValidation);
  EXPECT_EQ(train + kept, 400);
  // A binomial of 400 at 1/4: 100 ± 8.7; five deviations.
  EXPECT_TRUE(kept > 56 && kept < 144) << kept;
  std::map<float, int> seen;
  Sample sample;
  for (const auto& [part, size] : {std::pair(Split::kTrain, train), {Split::kValidation, kept}}) {
    for (int64_t i = 0; i < size; ++i) {
      ASSERT_TRUE(split.Read(part, i, sample).ok());
      EXPECT_EQ(sample.index, i);
      ++seen[sample.values[0]];
    }
  }
  EXPECT_EQ(seen.size(), 400u);
  EXPECT_EQ(split.size(Split::kTest), 1);
  ASSERT_TRUE(split.Read(Split::kTest, 0, sample).ok());
  EXPECT_EQ(sample.values[0], 7);
  EXPECT_THAT(split.Summary(), HasSubstr("values; " + std::to_string(kept)));
}

TEST(ValidationSplit, CopiesGoTogetherAndStayWhereTheyAre) {
  ValidationSplit once = Quarter(40, 40), often = Quarter(400, 40);
  ASSERT_TRUE(once.Load().ok());
  ASSERT_TRUE(often.Load().ok());
  EXPECT_EQ(often.size(Split::kValidation), 10 * once.size(Split::kValidation));
  Sample a, b;
  for (int64_t i = 0; i < often.size(Split::kValidation); ++i) {
    ASSERT_TRUE(often.Read(Split::kValidation, i, b).ok());
    bool there = false;
    for (int64_t k = 0; k < once.size(Split::kValidation); ++k) {
      ASSERT_TRUE(once.Read(Split::kValidation, k, a).ok());
      there |= a.values == b.values;
    }
    EXPECT_TRUE(there) << b.values[0];
  }
}

TEST(ValidationSplit, SaysWhatCannotBe) {
  ValidationSplit one = Quarter(100, 1), broken = Quarter(600, 600);
  EXPECT_THAT(std::string(one.Load().message()), HasSubstr("of 100 samples leaves none"));
  EXPECT_THAT(std::string(broken.Load().message()), HasSubstr("the 501st"));
}

}  // namespace
}  // namespace pretext
