#include "heads/mlp_decoder/mlp_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/autograd/gradient_check.h"
#include "heads/mlp_decoder/mlp_decoder.pb.h"

namespace pretext {
namespace {

using testing::HasSubstr;

const BuildContext kContext{.input = FlowType::Vector(3), .sample = FlowType::Image(1, 2, 2)};

TEST(MlpDecoder, RebuildsTheSamplesShapeWithRightGradients) {
  MlpDecoder config;
  config.add_hidden(5);
  config.set_activation(TANH);
  config.set_output_activation(SIGMOID);
  auto head = MlpDecoderHead::Create(config, kContext);
  ASSERT_TRUE(head.ok()) << head.status();
  (*head)->parameters().Allocate("head", 3);
  std::vector<Parameter*> parameters;
  for (Parameter& p : (*head)->parameters().parameters()) parameters.push_back(&p);
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& h) {
        const Var r = (*head)->Forward(tape, h[0], Batch(), ForwardContext()).value;
        EXPECT_EQ(r.shape(), (Shape{4, 1, 2, 2}));
        return r;
      },
      {RandomTensor({4, 3}, 1)},
      [](const std::vector<Doubles>& at) {
        Doubles y;
        for (size_t r = 0; r < 4; ++r) {
          Doubles hidden(5);
          for (size_t o = 0; o < 5; ++o) {
            hidden[o] = at[2][o];
            for (size_t i = 0; i < 3; ++i) hidden[o] += at[0][r * 3 + i] * at[1][o * 3 + i];
            hidden[o] = std::tanh(hidden[o]);
          }
          for (size_t o = 0; o < 4; ++o) {
            double sum = at[4][o];
            for (size_t i = 0; i < 5; ++i) sum += hidden[i] * at[3][o * 5 + i];
            y.push_back(1 / (1 + std::exp(-sum)));
          }
        }
        return y;
      },
      {.parameters = parameters}));
}

TEST(MlpDecoder, EveryFaultIsNamed) {
  MlpDecoder config;
  config.add_hidden(0);
  const auto head = MlpDecoderHead::Create(
      config, {.input = FlowType::Sequence(8, 16), .sample = FlowType::Tokens(8, 100)});
  const std::string message(head.status().message());
  EXPECT_THAT(message, HasSubstr("hidden[0]: "));
  EXPECT_THAT(message, HasSubstr("the encoder gives sequence 8×16"));
  EXPECT_THAT(message, HasSubstr("the dataset has tokens 8 of 100"));
}

}  // namespace
}  // namespace pretext
