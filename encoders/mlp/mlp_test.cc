#include "encoders/mlp/mlp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/autograd/gradient_check.h"
#include "core/layers/layers_reference.h"
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
        const Doubles hidden =
            ReluReference(AddBiasReference(LinearReference(at[0], 6, at[1]), at[2]));
        return AddBiasReference(LinearReference(hidden, 5, at[3]), at[4]);
      },
      {.parameters = parameters}));
}

// γ (x - mean) / √(var + 1e-5) + β, with the statistics of each row.
Doubles LayerNormReference(Doubles x, const Doubles& gamma, const Doubles& beta) {
  const size_t columns = gamma.size();
  for (size_t first = 0; first < x.size(); first += columns) {
    double mean = 0, variance = 0;
    for (size_t c = 0; c < columns; ++c) mean += x[first + c] / static_cast<double>(columns);
    for (size_t c = 0; c < columns; ++c)
      variance += std::pow(x[first + c] - mean, 2) / static_cast<double>(columns);
    for (size_t c = 0; c < columns; ++c)
      x[first + c] = (x[first + c] - mean) / std::sqrt(variance + 1e-5) * gamma[c] + beta[c];
  }
  return x;
}

class MlpNormalizationTest : public testing::TestWithParam<Mlp::Normalization> {};

TEST_P(MlpNormalizationTest, ValuesAndGradientsOfEveryParameter) {
  const bool batch = GetParam() == Mlp::BATCH;
  Mlp config = Config();
  config.set_normalization(GetParam());
  auto encoder = Build(config, FlowType::Vector(6));
  std::vector<Parameter*> parameters;
  for (Parameter& p : encoder->parameters().parameters()) {
    // γ = 1, β = 0 and a bias without effect would hide a factor or a term left out.
    if (p.role != Role::kWeight) p.value = RandomParameter(p.shape, parameters.size() + 3).value;
    parameters.push_back(&p);
  }
  ASSERT_EQ(parameters.size(), batch ? 5u : 6u);
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& x) {
        return encoder->Forward(tape, x[0], Batch(), {.training = true});
      },
      {RandomTensor({7, 6}, 1)},
      [&](const std::vector<Doubles>& at) {
        const Doubles bias = batch ? Doubles(5) : at[2];
        const size_t next = batch ? 2 : 3;
        const Doubles sums = AddBiasReference(LinearReference(at[0], 6, at[1]), bias);
        const Doubles hidden =
            ReluReference(batch ? BatchNormReference(sums, at[next], at[next + 1])
                                : LayerNormReference(sums, at[next], at[next + 1]));
        return AddBiasReference(LinearReference(hidden, 5, at[next + 2]), at[next + 3]);
      },
      {.parameters = parameters}));
}

INSTANTIATE_TEST_SUITE_P(All, MlpNormalizationTest, testing::Values(Mlp::BATCH, Mlp::LAYER),
                         [](const auto& info) { return Mlp::Normalization_Name(info.param); });

TEST(Mlp, BatchNormUsesRunningStatisticsInEvaluation) {
  Mlp config = Config();
  config.set_normalization(Mlp::BATCH);
  auto encoder = Build(config, FlowType::Vector(6));
  const auto run = [&](int64_t rows) {
    Tape tape(false);
    return ToDoubles(
        encoder->Forward(tape, tape.Constant(RandomTensor({rows, 6}, 1)), Batch(), {}).value());
  };
  const Doubles three = run(3), seven = run(7);
  EXPECT_EQ(three, Doubles(seven.begin(), seven.begin() + 9)) << "other rows do not matter";
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
