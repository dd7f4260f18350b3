#include "heads/dino/dino.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "core/autograd/gradient_check.h"
#include "heads/dino/dino.pb.h"

namespace pretext {
namespace {

using testing::HasSubstr;

struct Golden {
  std::string config;
  std::map<std::string, Doubles> numbers;  // by key, as the script names them
};

std::vector<Golden> ReadGoldens() {
  std::ifstream file("heads/dino/dino_golden.txt");
  std::vector<Golden> goldens;
  for (std::string text; std::getline(file, text);) {
    const size_t space = text.find(' ');
    const std::string key = text.substr(0, space);
    if (key == "config") {
      goldens.push_back({.config = text.substr(space + 1)});
      continue;
    }
    std::istringstream numbers(text.substr(space));
    Doubles& to = goldens.back().numbers[key];
    for (double number; numbers >> number;) to.push_back(number);
  }
  EXPECT_FALSE(goldens.empty());
  return goldens;
}

Tensor Filled(const Shape& shape, const Doubles& numbers) {
  Tensor tensor = Tensor::Uninitialized(shape);
  EXPECT_EQ(static_cast<size_t>(tensor.size()), numbers.size());
  for (int64_t i = 0; i < tensor.size(); ++i) {
    tensor.data()[i] = static_cast<float>(numbers[static_cast<size_t>(i)]);
  }
  return tensor;
}

std::unique_ptr<Head> Build(const std::string& text) {
  DinoHead config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config));
  auto head = DinoHeadPlugin::Create(config, {.input = FlowType::Vector(5)});
  EXPECT_TRUE(head.ok()) << head.status();
  return *std::move(head);
}

TEST(DinoHead, AgreesWithPyTorchAndItsNames) {
  for (const Golden& golden : ReadGoldens()) {
    const std::unique_ptr<Head> head = Build(golden.config);
    size_t named = 3;  // h, z, dh
    for (Parameter& p : head->parameters().parameters()) {
      ASSERT_TRUE(golden.numbers.contains(p.name)) << p.name;
      p.value = Filled(p.shape, golden.numbers.at(p.name));
      p.gradient = Tensor::Zeros(p.shape);
      named += 2;
    }
    EXPECT_EQ(named, golden.numbers.size()) << "all of its parameters";
    for (Buffer& b : head->parameters().buffers()) b.value = Tensor::Zeros(b.shape);
    Tape tape;
    const Var h = tape.Leaf(Filled({6, 5}, golden.numbers.at("h")));
    const Var z = head->Forward(tape, h, Batch(), {.training = true}).value;
    // A few roundings of values around 1.
    constexpr double kTolerance = 1e-5;
    EXPECT_TRUE(AllClose(ToDoubles(z.value()), golden.numbers.at("z"), kTolerance));
    Tensor weights = Tensor::Uninitialized(z.shape());
    for (int64_t i = 0; i < weights.size(); ++i) {
      weights.data()[i] = std::sin(static_cast<float>(i));
    }
    tape.Backward(z, weights);
    EXPECT_TRUE(AllClose(ToDoubles(tape.LeafGradient(h)), golden.numbers.at("dh"), kTolerance));
    for (Parameter& p : head->parameters().parameters()) {
      const Doubles& expected = golden.numbers.at("d" + p.name);
      double largest = 0;
      for (double g : expected) largest = std::max(largest, std::abs(g));
      if (largest < 1e-12) continue;  // a bias that the normalisation takes away
      EXPECT_TRUE(AllClose(ToDoubles(p.gradient), expected, kTolerance)) << p.name;
    }
  }
}

TEST(DinoHead, ScoresAreCosines) {
  const std::unique_ptr<Head> head = Build("hidden: 16 bottleneck: 3 output: 50");
  head->parameters().Allocate("head", 3);
  EXPECT_EQ(head->output(), FlowType::Vector(50));
  Tape tape(/*recording=*/false);
  for (const float size : {0.1f, 100.0f}) {
    const Var h = tape.Constant(RandomTensor({4, 5}, 1, size));
    for (double z : ToDoubles(head->Forward(tape, h, Batch(), {}).value.value())) {
      EXPECT_LE(std::abs(z), 1 + 1e-6);
    }
  }
}

TEST(DinoHead, EveryFaultIsNamed) {
  DinoHead config;
  config.set_layers(0);
  config.set_hidden(0);
  config.set_bottleneck(-1);
  config.set_output(0);
  config.set_norm_momentum(2);
  config.set_norm_epsilon(0);
  const auto head = DinoHeadPlugin::Create(config, {.input = FlowType::Sequence(8, 16)});
  for (const char* part : {"layers: ", "hidden: ", "bottleneck: ", "output: ", "norm_momentum: ",
                           "norm_epsilon: ", "it is given sequence 8×16"}) {
    EXPECT_THAT(std::string(head.status().message()), HasSubstr(part));
  }
}

}  // namespace
}  // namespace pretext
