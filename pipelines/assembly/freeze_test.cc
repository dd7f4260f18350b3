#include "pipelines/assembly/freeze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FakeEncoder : public Encoder {
 public:
  FlowType output() const override { return FlowType::Vector(1); }
  Var Forward(Tape&, Var x, const Batch&, const ForwardContext&) override { return x; }
};

class FakeHead : public Head {
 public:
  FlowType output() const override { return FlowType::Vector(1); }
  Prediction Forward(Tape&, Var h, const Batch&, const ForwardContext&) override {
    return {.value = h};
  }
};

class FakeLoss : public Loss {
 public:
  LossResult Compute(Tape&, const Prediction&, const Batch&) override { return {}; }
};

struct FakeModel {
  FakeModel() {
    model.encoder = std::make_unique<FakeEncoder>();
    model.head = std::make_unique<FakeHead>();
    for (const char* name : {"conv1.weight", "layer1.0.weight", "layer1.0.bias", "layer10.weight"})
      encoder().Add(name, Role::kWeight, {2, 3}, Initializer::Constant(1));
    encoder().AddBuffer("layer1.0.running_mean", {2}, 0);
    head().Add("0.weight", Role::kWeight, {4}, Initializer::Constant(1));
  }
  absl::Status Apply(const std::vector<std::string>& names) {
    Pipeline config;
    for (const std::string& name : names) config.add_freeze(name);
    return Freeze(config, model);
  }
  std::vector<std::string> Frozen() {
    std::vector<std::string> names;
    for (const Parameter& p : encoder().parameters()) {
      if (p.frozen) names.push_back(p.name);
    }
    for (const Buffer& b : encoder().buffers()) {
      if (b.frozen) names.push_back(b.name);
    }
    for (const Parameter& p : head().parameters()) {
      if (p.frozen) names.push_back("head." + p.name);
    }
    return names;
  }
  ParameterSet& encoder() { return model.encoder->parameters(); }
  ParameterSet& head() { return model.head->parameters(); }
  Model model;
};

std::vector<std::string> FrozenBy(const std::vector<std::string>& names) {
  FakeModel model;
  EXPECT_TRUE(model.Apply(names).ok()) << model.Apply(names);
  return model.Frozen();
}

std::string Fault(const std::vector<std::string>& names) {
  return std::string(FakeModel().Apply(names).message());
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
            "freeze[1]: names no parameter: \"layr1\"; did you mean layer1? There are: conv1, "
            "layer1.0, layer10, head.0");
  EXPECT_THAT(Fault({"0"}), HasSubstr("freeze[0]: names no parameter: \"0\""));
  EXPECT_THAT(Fault({""}), HasSubstr("freeze[0]"));
  EXPECT_THAT(Fault({"encoder", "head"}), HasSubstr("freeze: leaves nothing to train"));
}

TEST(Freeze, WhatALossRemembersCannotBeFrozen) {
  FakeModel fake;
  fake.model.loss = std::make_unique<FakeLoss>();
  ParameterSet& loss = fake.model.loss->parameters();
  loss.AddBuffer("center", {2}, 0);
  const auto fault = [&](const std::string& name) {
    return std::string(fake.Apply({name}).message());
  };
  for (const char* name : {"loss", "loss.center", "loss.center."}) {
    EXPECT_THAT(fault(name),
                HasSubstr("freeze[0]: names what the loss remembers, which cannot be frozen: "))
        << name;
  }
  EXPECT_EQ(fault("loss.cente"),
            "freeze[0]: names no parameter: \"loss.cente\". There are: conv1, layer1.0, layer10, "
            "head.0");
  loss.Add("prototypes", Role::kWeight, {2, 2}, Initializer::Constant(1));
  EXPECT_EQ(fault("loss"), "") << "its prototypes";
  EXPECT_TRUE(loss.parameters().front().frozen);
  EXPECT_FALSE(loss.buffers().front().frozen);
  EXPECT_THAT(fault("loss.centre"), HasSubstr("head.0, loss.prototypes"));
  Pipeline config;
  config.add_freeze_for()->set_name("loss.center");
  config.mutable_freeze_for(0)->set_steps(2);
  EXPECT_THAT(std::string(Freeze(config, fake.model).message()),
              HasSubstr("freeze_for[0].name: names what the loss remembers"));
}

// A part's own faults are enough: nobody knows yet what is in it.
TEST(Freeze, NamesOfPartsThatAreNotBuiltAreNotJudged) {
  FakeModel fake;
  Pipeline config;
  config.add_freeze("loss.prototypes");
  config.add_freeze_for()->set_name("predictor.0");
  config.mutable_freeze_for(0)->set_steps(2);
  EXPECT_THAT(std::string(Freeze(config, fake.model).message()),
              HasSubstr("freeze_for[0].name: names no parameter: \"predictor.0\""))
      << "there is to be none";
  config.mutable_predictor();
  EXPECT_TRUE(Freeze(config, fake.model).ok()) << Freeze(config, fake.model);
}

TEST(Freeze, CountsAndStatistics) {
  FakeModel fake;
  fake.encoder().AddBatchStatistics(4);
  EXPECT_EQ(fake.encoder().batch_statistics(), 4);
  ASSERT_TRUE(fake.Apply({"layer1"}).ok());
  EXPECT_EQ(FrozenCount(fake.model), 12);
  EXPECT_EQ(fake.encoder().batch_statistics(), std::nullopt);
  fake.encoder().Allocate("encoder", 1);
  EXPECT_TRUE(fake.encoder().parameters()[0].gradient.defined());
  EXPECT_FALSE(fake.encoder().parameters()[1].gradient.defined());
}

TEST(Freeze, ForATime) {
  FakeModel fake;
  Pipeline config;
  Pipeline::FreezeFor* entry = config.add_freeze_for();
  entry->set_name("head");
  entry->set_epochs(1.5);
  entry = config.add_freeze_for();
  entry->set_name("layer1");
  entry->set_steps(3);
  ASSERT_TRUE(Freeze(config, fake.model).ok());
  fake.model.encoder->parameters().Allocate("encoder", 1);
  fake.model.head->parameters().Allocate("head", 1);
  std::vector<std::pair<std::string, int64_t>> frozen;
  for (const FrozenFor& each : FrozenForATime(config, fake.model, /*steps_per_epoch=*/4))
    frozen.emplace_back(each.parameter->name, each.steps);
  EXPECT_THAT(frozen,
              ElementsAre(std::pair("head.0.weight", 6), std::pair("encoder.layer1.0.weight", 3),
                          std::pair("encoder.layer1.0.bias", 3)));
  // Of several times the longest; and what an epoch's number cannot count lasts for ever.
  entry = config.add_freeze_for();
  entry->set_name("layer1.0.bias");
  entry->set_epochs(1e300);
  EXPECT_GT(FrozenForATime(config, fake.model, 4).at(2).steps, int64_t{1} << 50);
  EXPECT_EQ(FrozenForATime(config, fake.model, 4).at(2).name, "layer1.0.bias");
  EXPECT_EQ(FrozenForATime(config, fake.model, 4).size(), 3u);
  config.mutable_freeze_for()->RemoveLast();
  entry = config.mutable_freeze_for(1);
  entry->set_name("layer1.0.running_mean");
  EXPECT_THAT(std::string(Freeze(config, fake.model).message()),
              HasSubstr("freeze_for[1].name: names running statistics alone: "
                        "\"layer1.0.running_mean\""));
  entry->set_name("layer7");
  config.mutable_freeze_for(0)->clear_epochs();
  const std::string faults(Freeze(config, fake.model).message());
  EXPECT_THAT(faults, HasSubstr("freeze_for[0]: needs steps or epochs"));
  EXPECT_THAT(faults, HasSubstr("freeze_for[1].name: names no parameter: \"layer7\""));
}

}  // namespace
}  // namespace pretext
