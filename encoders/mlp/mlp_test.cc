#include "encoders/mlp/mlp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/gradient_check.h"
#include "encoders/mlp/mlp.pb.h"

namespace pretext {
namespace {

using testing::HasSubstr;

Mlp Config() {
  Mlp config;
  config.add_hidden(5);
  config.set_code(3);
  return config;
}

std::unique_ptr<Encoder> Build(const Mlp& config, const FlowType& input) {
  auto encoder = MlpEncoder::Create(config, {.input = input});
  EXPECT_TRUE(encoder.ok()) << encoder.status();
  (*encoder)->parameters().Allocate("encoder", 7);
  return *std::move(encoder);
}

// y = x Wᵀ + b in double, then relu if asked.
Doubles Layer(const Doubles& x, const Doubles& w, const Doubles& b, bool relu) {
  const size_t out = b.size(), in = w.size() / out;
  Doubles y;
  for (size_t r = 0; r < x.size() / in; ++r) {
    for (size_t o = 0; o < out; ++o) {
      double sum = b[o];
      for (size_t i = 0; i < in; ++i) sum += x[r * in + i] * w[o * in + i];
      y.push_back(relu && sum < 0 ? 0 : sum);
    }
  }
  return y;
}

TEST(Mlp, ValuesAndGradientsOfEveryParameter) {
  auto encoder = Build(Config(), FlowType::Image(1, 2, 3));
  std::vector<Parameter*> parameters;
  for (Parameter& p : encoder->parameters().parameters()) parameters.push_back(&p);
  ASSERT_EQ(parameters.size(), 4u);
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& x) {
        return encoder->Forward(tape, x[0], Batch(), ForwardContext());
      },
      {RandomTensor({4, 1, 2, 3}, 1)},
      [](const std::vector<Doubles>& at) {
        return Layer(Layer(at[0], at[1], at[2], true), at[3], at[4], false);
      },
      {.parameters = parameters}));
}

TEST(Mlp, DeclaresItsParametersWithoutMemory) {
  auto encoder = MlpEncoder::Create(Config(), {.input = FlowType::Image(1, 28, 28)});
  ASSERT_TRUE(encoder.ok());
  EXPECT_EQ((*encoder)->output(), FlowType::Vector(3));
  EXPECT_EQ((*encoder)->parameters().count(), 784 * 5 + 5 + 5 * 3 + 3);
  EXPECT_FALSE((*encoder)->parameters().parameters()[0].value.defined());
}

TEST(Mlp, WithoutHiddenLayersItIsLinear) {
  Mlp config;
  config.set_code(2);
  EXPECT_EQ(Build(config, FlowType::Vector(9))->parameters().count(), 9 * 2 + 2);
}

TEST(Mlp, DropoutActsInTrainingOnly) {
  Mlp config = Config();
  config.set_dropout(0.5);
  auto encoder = Build(config, FlowType::Vector(6));
  Tape tape(false);
  const Var x = tape.Constant(RandomTensor({8, 6}, 1));
  const auto run = [&](bool training, uint64_t step) {
    return ToDoubles(
        encoder->Forward(tape, x, Batch(), {.training = training, .step = step}).value());
  };
  EXPECT_EQ(run(false, 1), run(false, 2));
  EXPECT_EQ(run(true, 1), run(true, 1));
  EXPECT_NE(run(true, 1), run(true, 2));
  EXPECT_NE(run(true, 1), run(false, 1));
}

TEST(Mlp, EveryFaultIsNamed) {
  Mlp config = Config();
  config.set_hidden(0, -4);
  config.set_code(0);
  config.set_dropout(1);
  const auto encoder = MlpEncoder::Create(config, {.input = FlowType::Sequence(8, 16)});
  const std::string message(encoder.status().message());
  EXPECT_THAT(message, HasSubstr("hidden[0]: "));
  EXPECT_THAT(message, HasSubstr("code: "));
  EXPECT_THAT(message, HasSubstr("dropout: "));
  EXPECT_THAT(message, HasSubstr("it is given sequence 8×16"));
}

}  // namespace
}  // namespace pretext
