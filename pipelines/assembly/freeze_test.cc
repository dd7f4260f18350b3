#include "pipelines/assembly/freeze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Model {
  Model() {
    for (const char* name : {"conv1.weight", "layer1.0.weight", "layer1.0.bias", "layer10.weight"})
      encoder.Add(name, Role::kWeight, {2, 3}, Initializer::Constant(1));
    encoder.AddBuffer("layer1.0.running_mean", {2}, 0);
    head.Add("0.weight", Role::kWeight, {4}, Initializer::Constant(1));
  }
  absl::Status Apply(const std::vector<std::string>& names) {
    Pipeline config;
    for (const std::string& name : names) config.add_freeze(name);
    return Freeze(config, encoder, head);
  }
  std::vector<std::string> Frozen() const {
    std::vector<std::string> names;
    for (const Parameter& p : encoder.parameters()) {
      if (p.frozen) names.push_back(p.name);
    }
    for (const Buffer& b : encoder.buffers()) {
      if (b.frozen) names.push_back(b.name);
    }
    for (const Parameter& p : head.parameters()) {
      if (p.frozen) names.push_back("head." + p.name);
    }
    return names;
  }
  ParameterSet encoder, head;
};

std::vector<std::string> FrozenBy(const std::vector<std::string>& names) {
  Model model;
  EXPECT_TRUE(model.Apply(names).ok()) << model.Apply(names);
  return model.Frozen();
}

std::string Fault(const std::vector<std::string>& names) {
  return std::string(Model().Apply(names).message());
}

TEST(Freeze, ANameIsAWholeOneOrItsBeginningUpToADot) {
  EXPECT_THAT(FrozenBy({}), IsEmpty());
  EXPECT_THAT(FrozenBy({"layer1"}),
              ElementsAre("layer1.0.weight", "layer1.0.bias", "layer1.0.running_mean"));
  EXPECT_THAT(FrozenBy({"layer1.0.bias", "encoder.conv1."}),
              ElementsAre("conv1.weight", "layer1.0.bias"));
  EXPECT_THAT(FrozenBy({"head"}), ElementsAre("head.0.weight"));
  EXPECT_THAT(FrozenBy({"head.0.weight"}), ElementsAre("head.0.weight"));
  EXPECT_EQ(FrozenBy({"encoder"}).size(), 5u);
}

TEST(Freeze, FaultsSayWhatThereIs) {
  EXPECT_EQ(Fault({"layer1", "layr1"}),
            "freeze[1]: names no parameter: \"layr1\"; did you mean layer1?. There are: conv1, "
            "layer1.0, layer10, head.0");
  EXPECT_THAT(Fault({"0"}), HasSubstr("freeze[0]: names no parameter: \"0\""));
  EXPECT_THAT(Fault({""}), HasSubstr("freeze[0]"));
  EXPECT_THAT(Fault({"encoder", "head"}), HasSubstr("freeze: leaves nothing to train"));
}

TEST(Freeze, CountsAndStatistics) {
  Model model;
  model.encoder.AddBatchStatistics(4);
  EXPECT_EQ(model.encoder.batch_statistics(), 4);
  ASSERT_TRUE(model.Apply({"layer1"}).ok());
  EXPECT_EQ(FrozenCount(model.encoder), 12);
  EXPECT_EQ(model.encoder.batch_statistics(), std::nullopt);
  model.encoder.Allocate("encoder", 1);
  EXPECT_TRUE(model.encoder.parameters()[0].gradient.defined());
  EXPECT_FALSE(model.encoder.parameters()[1].gradient.defined());
}

}  // namespace
}  // namespace pretext
