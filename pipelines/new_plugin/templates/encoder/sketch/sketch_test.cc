#include "pipelines/new_plugin/templates/encoder/sketch/sketch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/autograd/gradient_check.h"
#include "pipelines/new_plugin/templates/encoder/sketch/sketch.pb.h"

namespace custom {
namespace {

using pretext::FlowType;

// Values and gradients against a reference in double precision.
TEST(Sketch, ValuesAndGradients) {
  Sketch config;
  config.set_code(3);
  const auto encoder = SketchEncoder::Create(config, {.input = FlowType::Vector(4)});
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  EXPECT_EQ((*encoder)->output(), FlowType::Vector(3));
  (*encoder)->parameters().Allocate("encoder", 7);
  std::vector<pretext::Parameter*> parameters;
  for (pretext::Parameter& p : (*encoder)->parameters().parameters()) parameters.push_back(&p);
  EXPECT_TRUE(pretext::CheckGradients(
      [&](pretext::Tape& tape, const std::vector<pretext::Var>& x) {
        return (*encoder)->Forward(tape, x[0], pretext::Batch(), {});
      },
      {pretext::RandomTensor({5, 4}, 1)},
      [&](const std::vector<pretext::Doubles>& at) {  // x, weight, bias
        pretext::Doubles h;
        for (size_t r = 0; r < 5; ++r) {
          for (size_t d = 0; d < 3; ++d) {
            double sum = at[2][d];
            for (size_t i = 0; i < 4; ++i) sum += at[0][r * 4 + i] * at[1][d * 4 + i];
            h.push_back(std::tanh(sum));
          }
        }
        return h;
      },
      {.parameters = parameters}));
}

TEST(Sketch, EveryFaultIsNamed) {
  Sketch config;
  config.set_code(0);
  const auto encoder = SketchEncoder::Create(config, {.input = FlowType::Tokens(9, 30)});
  EXPECT_THAT(std::string(encoder.status().message()), testing::HasSubstr("code: "));
  EXPECT_THAT(std::string(encoder.status().message()), testing::HasSubstr("takes images or vect"));
}

}  // namespace
}  // namespace custom
