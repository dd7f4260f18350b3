#include "heads/linear/linear.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/autograd/gradient_check.h"
#include "heads/linear/linear.pb.h"

namespace pretext {
namespace {

using testing::HasSubstr;

TEST(LinearHead, ValuesAndGradients) {
  for (bool bias : {true, false}) {
    LinearHead config;
    config.set_output(3);
    config.set_bias(bias);
    auto head = LinearHeadPlugin::Create(config, {.input = FlowType::Vector(4)});
    ASSERT_TRUE(head.ok()) << head.status();
    EXPECT_EQ((*head)->output(), FlowType::Vector(3));
    (*head)->parameters().Allocate("head", 7);
    std::vector<Parameter*> parameters;
    for (Parameter& p : (*head)->parameters().parameters()) parameters.push_back(&p);
    ASSERT_EQ(parameters.size(), bias ? 2u : 1u);
    EXPECT_TRUE(CheckGradients(
        [&](Tape& tape, const std::vector<Var>& h) {
          return (*head)->Forward(tape, h[0], Batch(), {}).value;
        },
        {RandomTensor({5, 4}, 1)},
        [&](const std::vector<Doubles>& at) {
          Doubles z;
          for (size_t r = 0; r < 5; ++r) {
            for (size_t o = 0; o < 3; ++o) {
              double sum = bias ? at[2][o] : 0;
              for (size_t i = 0; i < 4; ++i) sum += at[0][r * 4 + i] * at[1][o * 4 + i];
              z.push_back(sum);
            }
          }
          return z;
        },
        {.parameters = parameters}));
  }
}

TEST(LinearHead, EveryFaultIsNamed) {
  LinearHead config;
  config.set_output(-1);
  const auto head = LinearHeadPlugin::Create(config, {.input = FlowType::Image(1, 2, 2)});
  EXPECT_THAT(std::string(head.status().message()), HasSubstr("output: "));
  EXPECT_THAT(std::string(head.status().message()), HasSubstr("it is given image 1×2×2"));
}

}  // namespace
}  // namespace pretext
