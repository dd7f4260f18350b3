#include "losses/negative_cosine/negative_cosine.h"

#include <gtest/gtest.h>

#include "losses/negative_cosine/negative_cosine.pb.h"
#include "losses/testing/steps.h"

namespace pretext {
namespace {

// Rounding of a cosine: a few eps · √D.
constexpr double kTolerance = 2e-6;

TEST(NegativeCosineLoss, AgreesWithPyTorch) {
  for (const GoldenSteps& golden :
       ReadGoldenSteps("losses/negative_cosine/negative_cosine_golden.txt")) {
    const auto agrees = Agreement<NegativeCosineLoss, NegativeCosine>(golden, kTolerance);
    EXPECT_TRUE(agrees());
    if (golden.target_views.size() < 3) continue;
    // Where a view has several targets, their mean is another one.
    EXPECT_FALSE(agrees([](NegativeCosine& config) { config.set_average_targets(false); }));
  }
}

TEST(NegativeCosineLoss, FaultsOfTheContext) {
  ExpectNamesTargetFaults([](const BuildContext& context) {
    return FaultOf<NegativeCosineLoss>(NegativeCosine(), context);
  });
}

TEST(NegativeCosineLoss, IsMinusOneWhereAllPointTheSameWay) {
  const Batch batch{.samples = 3, .views = 2};
  for (const bool average : {false, true}) {
    Tape tape;
    NegativeCosineLoss loss(average);
    const Var z = tape.Leaf(Tensor::Full({6, 4}, 3)), t = tape.Constant(Tensor::Full({6, 4}, 7));
    const LossResult result = loss.Compute(tape, {.value = z, .target = t}, batch);
    EXPECT_NEAR(result.loss.value().item(), *loss.Floor(3, 2), 1e-6);
    EXPECT_EQ(result.weight, 6);
    tape.Backward(result.loss);
    for (double g : ToDoubles(tape.LeafGradient(z))) EXPECT_NEAR(g, 0, 1e-8);
  }
}

TEST(NegativeCosineLoss, ZeroVectorsHaveNoDirection) {
  const Batch batch{.samples = 1, .views = 2};
  Tape tape;
  const Var z = tape.Leaf(Tensor::Zeros({2, 4})), t = tape.Constant(Tensor::Zeros({2, 4}));
  const LossResult result =
      NegativeCosineLoss(true).Compute(tape, {.value = z, .target = t}, batch);
  EXPECT_EQ(result.loss.value().item(), 0);
}

TEST(NegativeCosineLoss, NonFiniteIsReturned) {
  NegativeCosineLoss each(false), mean(true);
  ExpectNonFiniteIsReturned(each, 3, 4);
  ExpectNonFiniteIsReturned(mean, 3, 4);
}

}  // namespace
}  // namespace pretext
