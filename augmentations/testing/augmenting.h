// Building augmentations from text and applying them to images, for tests.
#pragma once

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "augmentations/testing/distribution.h"
#include "base/status/fault.h"
#include "core/plugin/augmentation.h"

namespace pretext {

template <typename Config>
Config ParseConfig(const std::string& text) {
  Config config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
  return config;
}

// The augmentation of a config in text format.
template <typename Class, typename Config>
std::unique_ptr<Augmentation> BuildAugmentation(const std::string& text, const FlowType& input) {
  auto built = Class::Create(ParseConfig<Config>(text), BuildContext{.input = input});
  EXPECT_TRUE(built.ok()) << built.status();
  return built.ok() ? *std::move(built) : nullptr;
}

// The paths of all faults of a config, sorted and joined by spaces; "" for none. A fault of the
// part itself is "(shape)".
template <typename Class, typename Config>
std::string FaultPaths(const std::string& text, const FlowType& input) {
  const auto built = Class::Create(ParseConfig<Config>(text), BuildContext{.input = input});
  std::vector<std::string> paths;
  for (const Fault& fault : FaultsOf(built.status())) {
    EXPECT_FALSE(fault.message.empty());
    paths.push_back(fault.path.empty() ? "(shape)" : fault.path);
  }
  std::sort(paths.begin(), paths.end());
  std::string joined;
  for (const std::string& path : paths) joined += (joined.empty() ? "" : " ") + path;
  return joined;
}

// A sample with distinct values in (0, 1), out of order.
inline Sample TestSample(const FlowType& type) {
  Sample sample;
  sample.type = type;
  sample.values.resize(type.size());
  for (size_t i = 0; i < sample.values.size(); ++i) {
    sample.values[i] = static_cast<float>((i * 7919 + 1) % 10007) / 10007.0f;
  }
  return sample;
}

// The stream of draw `sample`.
inline Random TestRandom(uint64_t sample) {
  return Random({.seed = 11, .purpose = Purpose::kTest, .sample = sample});
}

// The test sample after the augmentation, with the stream of that draw.
inline Sample Augmented(const Augmentation& augmentation, const FlowType& input, uint64_t draw) {
  Sample sample = TestSample(input);
  Random random = TestRandom(draw);
  augmentation.Apply(sample, random);
  return sample;
}

// In how many of `draws` draws the augmentation does something.
inline int CountChanged(const Augmentation& augmentation, const FlowType& input, int draws) {
  const Sample before = TestSample(input);
  int changed = 0;
  for (int draw = 0; draw < draws; ++draw) {
    changed += Augmented(augmentation, input, draw).values != before.values;
  }
  return changed;
}

// An augmentation of 3×8×9 images of `fields` acts as often as its field `probability` says.
inline void ExpectActsWithItsProbability(
    const std::function<std::unique_ptr<Augmentation>(const std::string&, const FlowType&)>& build,
    const std::string& fields) {
  const FlowType input = FlowType::Image(3, 8, 9);
  const auto changed = [&](const char* probability, int draws) {
    return CountChanged(*build("probability: " + std::string(probability) + " " + fields, input),
                        input, draws);
  };
  EXPECT_EQ(changed("0", 1000), 0);
  EXPECT_EQ(changed("1", 1000), 1000);
  const double some = changed("0.3", 10000);
  EXPECT_GT(ChiSquare({some, 10000 - some}, {0.3, 0.7}), kSignificance);
}

// FaultPaths of one augmentation.
using FaultsOfFields = std::function<std::string(const std::string&, const FlowType&)>;

// One of images of 1 or 3 channels that has the field `probability`.
inline void ExpectNamesFaultsOfImagesAndProbability(const FaultsOfFields& faults) {
  const FlowType image = FlowType::Image(3, 8, 9);
  EXPECT_EQ(faults("", image), "");
  EXPECT_EQ(faults("", FlowType()), "");
  EXPECT_EQ(faults("probability: 1.5", image), "probability");
  EXPECT_EQ(faults("probability: nan", image), "probability");
  EXPECT_EQ(faults("", FlowType::Image(4, 8, 8)), "(shape)");
  EXPECT_EQ(faults("", FlowType::Tokens(8, 100)), "(shape)");
}

// One that takes images of any numbers between 0 and 1, and of no others.
inline void ExpectWorksOnNumbersFromZeroToOne(const FaultsOfFields& faults) {
  const FlowType image = FlowType::Image(3, 8, 9);
  EXPECT_EQ(faults("", image.WithRange(kUnitRange)), "");
  EXPECT_EQ(faults("", image.WithRange(ValueRange{0.25, 0.5})), "");
  EXPECT_EQ(faults("", image.WithRange(ValueRange{-1, 1})), "(shape)");
  EXPECT_EQ(faults("", image.WithRange(ValueRange{0, 2})), "(shape)");
}

}  // namespace pretext
