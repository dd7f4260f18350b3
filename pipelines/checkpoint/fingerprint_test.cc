#include "pipelines/checkpoint/fingerprint.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <optional>
#include <set>
#include <string>

namespace pretext {
namespace {

// Vectors that are numbered; one of them may be changed, and one unreadable.
class Numbers : public Dataset {
 public:
  explicit Numbers(int64_t train = 1000, int64_t test = 10) : sizes_{train, test} {}
  FlowType type() const override { return FlowType::Vector(2); }
  bool labelled() const override { return true; }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split split) const override { return sizes_[split == Split::kTest]; }
  absl::Status Read(Split split, int64_t index, Sample& sample) const override {
    if (index == unreadable) return absl::DataLossError("a picture");
    sample.type = type();
    sample.label = static_cast<int32_t>(index % 3);
    sample.values = {static_cast<float>(index), split == Split::kTest ? 1.0f : 0.0f};
    if (index == changed_value) sample.values[1] += 0.5f;
    if (index == changed_label) sample.label = 7;
    return absl::OkStatus();
  }
  std::string Summary() const override { return ""; }

  int64_t changed_value = -1, changed_label = -1, unreadable = -1;

 private:
  int64_t sizes_[2];
};

TEST(Fingerprint, TellsEveryChange) {
  std::set<std::string> all;
  all.insert(*Fingerprint(Numbers()));
  EXPECT_EQ(all.begin()->find("1000 samples "), 0u) << *all.begin();
  all.insert(*Fingerprint(Numbers(1001, 10)));
  all.insert(*Fingerprint(Numbers(1000, 11)));
  all.insert(*Fingerprint(Numbers(1000, 0)));
  for (const int64_t at : {0, 255, 256, 999}) {
    Numbers value, label;
    value.changed_value = at;
    label.changed_label = at;
    all.insert(*Fingerprint(value));
    all.insert(*Fingerprint(label));
  }
  EXPECT_EQ(all.size(), 12u);
}

// As pictures whose files are known, but not how they are scaled.
class Scaled : public Numbers {
 public:
  std::optional<SampleSum> Sum(Split, int64_t index) const override {
    return SampleSum{.content = static_cast<uint32_t>(index)};
  }
  absl::Status Read(Split split, int64_t index, Sample& sample) const override {
    ++reads;
    const absl::Status status = Numbers::Read(split, index, sample);
    for (float& value : sample.values) value *= scale;
    return status;
  }
  float scale = 1;
  mutable int reads = 0;
};

TEST(Fingerprint, ReadsFewSamplesWhereTheDatasetKnowsThem) {
  Scaled as_it_is, larger;
  larger.scale = 2;
  EXPECT_NE(*Fingerprint(as_it_is), *Fingerprint(larger));
  EXPECT_LE(as_it_is.reads, 32);
}

TEST(Fingerprint, IsTheSameForAnyNumberOfThreads) {
  const int threads = omp_get_max_threads();
  const std::string want = *Fingerprint(Numbers());
  for (const int n : {1, 2, 3, 5}) {
    omp_set_num_threads(n);
    EXPECT_EQ(*Fingerprint(Numbers()), want);
  }
  omp_set_num_threads(threads);
}

TEST(Fingerprint, WhatCannotBeReadIsAnError) {
  Numbers numbers;
  numbers.unreadable = 300;
  EXPECT_EQ(Fingerprint(numbers).status().message(), "a picture");
}

}  // namespace
}  // namespace pretext
