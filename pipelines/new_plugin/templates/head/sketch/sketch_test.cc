#include "pipelines/new_plugin/templates/head/sketch/sketch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/autograd/gradient_check.h"
#include "pipelines/new_plugin/templates/head/sketch/sketch.pb.h"

namespace custom {
namespace {

using pretext::FlowType;

// Values and gradients against a reference in double precision.
TEST(Sketch, ValuesAndGradients) {
  Sketch config;
  config.set_output(3);
  const auto head = SketchHead::Create(config, {.input = FlowType::Vector(4)});
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ((*head)->output(), FlowType::Vector(3));
  (*head)->parameters().Allocate("head", 7);
  std::vector<pretext::Parameter*> parameters;
  for (pretext::Parameter& p : (*head)->parameters().parameters()) parameters.push_back(&p);
  EXPECT_TRUE(pretext::CheckGradients(
      [&](pretext::Tape& tape, const std::vector<pretext::Var>& h) {
        return (*head)->Forward(tape, h[0], pretext::Batch(), {}).value;
      },
      {pretext::RandomTensor({5, 4}, 1)},
      [&](const std::vector<pretext::Doubles>& at) {  // h, weight
        pretext::Doubles z(15);
        for (size_t r = 0; r < 5; ++r) {
          double squares = 0;
          for (size_t o = 0; o < 3; ++o) {
            for (size_t i = 0; i < 4; ++i) z[r * 3 + o] += at[0][r * 4 + i] * at[1][o * 4 + i];
            squares += z[r * 3 + o] * z[r * 3 + o];
          }
          for (size_t o = 0; o < 3; ++o) z[r * 3 + o] /= std::sqrt(squares);
        }
        return z;
      },
      {.parameters = parameters}));
}

TEST(Sketch, EveryFaultIsNamed) {
  Sketch config;
  config.set_output(-1);
  const auto head = SketchHead::Create(config, {.input = FlowType::Image(1, 2, 2)});
  EXPECT_THAT(std::string(head.status().message()), testing::HasSubstr("output: "));
  EXPECT_THAT(std::string(head.status().message()), testing::HasSubstr("takes a vector"));
}

}  // namespace
}  // namespace custom
