#include "pipelines/new_plugin/templates/optimizer/sketch/sketch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/autograd/autograd.h"
#include "pipelines/new_plugin/templates/optimizer/sketch/sketch.pb.h"

namespace custom {
namespace {

using pretext::Initializer;

// The equations of the header, in double precision, over some steps.
TEST(Sketch, FollowsItsEquations) {
  Sketch config;
  config.set_momentum(0.5f);
  const auto optimizer = SketchOptimizer::Create(config, {});
  ASSERT_TRUE(optimizer.ok()) << optimizer.status();
  pretext::ParameterSet set;
  pretext::Parameter* w = set.Add("w", pretext::Role::kWeight, {3}, Initializer::Constant(1));
  set.Allocate("model", 1);
  (*optimizer)->Attach({w});
  const double gradients[3][3] = {{1, -2, 0}, {-3, 1, 0}, {0.5, 5, 0}};
  double expected[3] = {1, 1, 1}, v[3] = {};
  for (int t = 0; t < 3; ++t) {
    w->has_gradient = true;
    for (int i = 0; i < 3; ++i) {
      w->gradient.data()[i] = static_cast<float>(gradients[t][i]);
      v[i] = 0.5 * v[i] + 0.5 * 2 * gradients[t][i];
      expected[i] -= 0.25 * ((v[i] > 0) - (v[i] < 0));
    }
    (*optimizer)->Step(t + 1, 0.25, /*gradient_scale=*/2);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(w->value.data()[i], expected[i]) << "exact in binary";
  }
  EXPECT_EQ((*optimizer)->state().size(), 1u);
}

TEST(Sketch, EveryFaultIsNamed) {
  Sketch config;
  config.set_learning_rate(0);
  config.set_momentum(1);
  const auto faulty = SketchOptimizer::Create(config, {});
  EXPECT_THAT(std::string(faulty.status().message()), testing::HasSubstr("learning_rate: "));
  EXPECT_THAT(std::string(faulty.status().message()), testing::HasSubstr("momentum: "));
}

}  // namespace
}  // namespace custom
