#include "core/loader/validation_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <set>

#include "core/loader/content_sums.h"

namespace pretext {
namespace {

using testing::HasSubstr;

// `count` samples of values 0, 1, … below `different`, over and over; the test split is one of 7.
// With `rare`, the first so many of these values are of class 1, the others of class 0.
class Values : public Dataset {
 public:
  Values(int64_t count, int64_t different, int64_t rare = -1)
      : count_(count), different_(different), rare_(rare) {}
  bool labelled() const override { return rare_ >= 0; }
  FlowType type() const override { return FlowType::Vector(2); }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split split) const override { return split == Split::kTrain ? count_ : 1; }
  absl::Status Read(Split split, int64_t index, Sample& sample) const override {
    EXPECT_NE(split, Split::kValidation) << "no dataset knows of it";
    if (index == 500) return absl::DataLossError("the 501st");
    const auto value = static_cast<float>(split == Split::kTrain ? index % different_ : 7);
    sample.index = index;
    sample.label = labelled() ? (value < static_cast<float>(rare_) ? 1 : 0) : -1;
    sample.values = {value, -value};
    ++reads;
    return absl::OkStatus();
  }
  DatasetExtent extent() const override { return {.train = count_, .test = 1, .bytes = 8}; }
  std::string Summary() const override { return "values"; }

  mutable std::atomic<int> reads = 0;

 private:
  const int64_t count_, different_, rare_;
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
  EXPECT_EQ(kept, 100);
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

TEST(ValidationSplit, WhatItHasFoundOfASampleIsNotFoundAgain) {
  auto values = std::make_unique<Values>(400, 400);
  Values* const read = values.get();
  ValidationSplit split(std::move(values), 0.25);
  ASSERT_TRUE(split.Load().ok());
  EXPECT_EQ(read->reads, 400);
  const std::optional<SampleSum> sum = split.Sum(Split::kValidation, 3);
  ASSERT_TRUE(sum.has_value());
  EXPECT_EQ(read->reads, 400);
  Sample sample;
  ASSERT_TRUE(split.Read(Split::kValidation, 3, sample).ok());
  EXPECT_EQ(sum->content, SumOf(sample).content);
}

TEST(ValidationSplit, EveryClassGivesItsShare) {
  for (const int64_t rare : {1, 2, 3, 40, 200}) {
    ValidationSplit split(std::make_unique<Values>(400, 400, rare), 0.1);
    ASSERT_TRUE(split.Load().ok());
    EXPECT_EQ(split.size(Split::kValidation), 40);
    int64_t of_rare = 0;
    Sample sample;
    for (int64_t i = 0; i < 40; ++i) {
      ASSERT_TRUE(split.Read(Split::kValidation, i, sample).ok());
      EXPECT_EQ(split.Sum(Split::kValidation, i)->label, sample.label);
      of_rare += sample.label;
    }
    // A single sample of a class is trained on.
    EXPECT_EQ(of_rare, rare == 1 ? 0 : rare <= 3 ? 1 : rare / 10);
  }
}

// A sample at the border may change its side, the others do not.
TEST(ValidationSplit, SamplesStayWhereTheyAreWhenOthersAreAdded) {
  const auto kept = [](int64_t count) {
    ValidationSplit split = Quarter(count, count);
    EXPECT_TRUE(split.Load().ok());
    std::set<float> values;
    Sample sample;
    for (int64_t i = 0; i < split.size(Split::kValidation); ++i) {
      EXPECT_TRUE(split.Read(Split::kValidation, i, sample).ok());
      if (sample.values[0] < 400) values.insert(sample.values[0]);
    }
    return values;
  };
  const std::set<float> before = kept(400), after = kept(480);
  std::vector<float> moved;
  std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(),
                                std::back_inserter(moved));
  // The border moves by the error of a share of 1/4 over 80 samples, 0.05: 20 of 400 samples.
  EXPECT_LE(moved.size(), 40u);
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
