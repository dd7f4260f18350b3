// What every optimizer must do.
#include <cmath>
#include <set>

#include "core/autograd/gradient_check.h"
#include "core/plugin/optimizer.h"
#include "tests/conformance/fixture.h"

namespace pretext {
namespace {

using Entry = Registry<Optimizer>::Entry;

class OptimizerConformance : public testing::TestWithParam<const Entry*> {
 protected:
  static std::unique_ptr<Optimizer> Build() {
    auto optimizer = GetParam()->create(*ExampleConfig(*GetParam()), BuildContext());
    EXPECT_TRUE(optimizer.ok()) << optimizer.status();
    return *std::move(optimizer);
  }

  // ½‖w - 1‖² of a weight and a bias; their gradient is w - 1.
  struct Model {
    Model() {
      weight = set.Add("weight", Role::kWeight, {4, 3}, Initializer::Normal(2));
      bias = set.Add("bias", Role::kBias, {3}, Initializer::Normal(2));
      set.Allocate("model", 1);
    }
    double Loss() const {
      double sum = 0;
      for (const Parameter* p : {weight, bias}) {
        for (double w : ToDoubles(p->value)) sum += 0.5 * (w - 1) * (w - 1);
      }
      return sum;
    }
    void Gradient() {
      for (Parameter* p : {weight, bias}) {
        p->has_gradient = true;
        for (int64_t i = 0; i < p->value.size(); ++i)
          p->gradient.data()[i] = p->value.data()[i] - 1;
      }
    }
    ParameterSet set;
    Parameter *weight, *bias;
  };
};

TEST_P(OptimizerConformance, ReducesAConvexLoss) {
  Model model;
  auto optimizer = Build();
  optimizer->Attach({model.weight, model.bias});
  const double before = model.Loss();
  for (int t = 1; t <= 50; ++t) {
    model.Gradient();
    optimizer->Step(t, 0.05, 1);
  }
  EXPECT_TRUE(model.Loss() < before) << model.Loss() << " was " << before;
}

TEST_P(OptimizerConformance, AtRateZeroNothingMovesAndWithoutAGradientNothingAtAll) {
  Model model;
  auto optimizer = Build();
  optimizer->Attach({model.weight, model.bias});
  const Doubles weight = ToDoubles(model.weight->value), bias = ToDoubles(model.bias->value);
  model.Gradient();
  optimizer->Step(1, 0, 1);
  EXPECT_EQ(ToDoubles(model.weight->value), weight);
  model.Gradient();
  model.bias->has_gradient = false;
  optimizer->Step(2, 0.1, 1);
  EXPECT_EQ(ToDoubles(model.bias->value), bias);
  EXPECT_NE(ToDoubles(model.weight->value), weight);
}

// The state is all that is needed to go on: copied to another instance after
// five steps, both walk the same way.
TEST_P(OptimizerConformance, StateCarriesOver) {
  Model a, b;
  auto first = Build(), second = Build();
  first->Attach({a.weight, a.bias});
  second->Attach({b.weight, b.bias});
  for (int t = 1; t <= 5; ++t) {
    a.Gradient();
    first->Step(t, 0.05, 1);
  }
  std::set<std::string> names;
  auto from = first->state();
  auto to = second->state();
  ASSERT_EQ(from.size(), to.size());
  for (size_t i = 0; i < from.size(); ++i) {
    EXPECT_EQ(from[i].name, to[i].name);
    EXPECT_TRUE(names.insert(from[i].name).second) << from[i].name << " twice";
    std::copy_n(from[i].value.data(), from[i].value.size(), to[i].value.data());
  }
  std::copy_n(a.weight->value.data(), 12, b.weight->value.data());
  std::copy_n(a.bias->value.data(), 3, b.bias->value.data());
  for (int t = 6; t <= 8; ++t) {
    a.Gradient();
    first->Step(t, 0.05, 1);
    b.Gradient();
    second->Step(t, 0.05, 1);
  }
  EXPECT_EQ(ToDoubles(a.weight->value), ToDoubles(b.weight->value));
  EXPECT_EQ(ToDoubles(a.bias->value), ToDoubles(b.bias->value));
}

TEST_P(OptimizerConformance, TheGradientScaleMultipliesTheGradient) {
  Model a, b;
  auto first = Build(), second = Build();
  first->Attach({a.weight, a.bias});
  second->Attach({b.weight, b.bias});
  for (int t = 1; t <= 3; ++t) {
    a.Gradient();
    b.Gradient();
    for (Parameter* p : {b.weight, b.bias}) {
      for (int64_t i = 0; i < p->gradient.size(); ++i) p->gradient.data()[i] *= 4;
    }
    first->Step(t, 0.05, 1);
    second->Step(t, 0.05, 0.25);
  }
  EXPECT_TRUE(AllClose(ToDoubles(b.weight->value), ToDoubles(a.weight->value), 1e-6));
}

TEST_P(OptimizerConformance, BadFieldsAreNamed) {
  ExpectBadFieldsAreNamed(*GetParam(), [&](const google::protobuf::Message& config) {
    return GetParam()->create(config, BuildContext()).status();
  });
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OptimizerConformance);
INSTANTIATE_TEST_SUITE_P(Plugins, OptimizerConformance,
                         testing::ValuesIn(Registry<Optimizer>::Entries()),
                         [](const auto& info) { return TestName(*info.param); });

}  // namespace
}  // namespace pretext
