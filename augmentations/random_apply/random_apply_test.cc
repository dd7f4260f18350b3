#include "augmentations/random_apply/random_apply.h"

#include "augmentations/testing/augmenting.h"
#include "augmentations/testing/distribution.h"

namespace pretext {
namespace {

const auto Build = BuildAugmentation<RandomApplyAugmentation, RandomApply>;
const auto Faults = FaultPaths<RandomApplyAugmentation, RandomApply>;

TEST(RandomApply, AppliesAllOrNone) {
  const FlowType input = FlowType::Image(1, 8, 9);
  const auto apply = Build(
      "probability: 0.3 "
      "augmentation { [type.googleapis.com/pretext.Solarize] { probability: 1 threshold: 0 } } "
      "augmentation { [type.googleapis.com/pretext.Solarize] { probability: 1 threshold: 0.5 } }",
      input);
  const Sample before = TestSample(input);
  double applied = 0;
  for (int draw = 0; draw < 10000; ++draw) {
    const Sample after = Augmented(*apply, input, draw);
    if (after.values == before.values) continue;
    ++applied;
    // Inverted everywhere, then where that is bright: all is dark.
    EXPECT_LT(*std::max_element(after.values.begin(), after.values.end()), 0.51f);
  }
  EXPECT_GT(ChiSquare({applied, 10000 - applied}, {0.3, 0.7}), kSignificance);
}

TEST(RandomApply, InEvaluationItsAugmentationsDoWhatTheyDoThere) {
  const FlowType input = FlowType::Image(1, 8, 9).WithRange(kUnitRange);
  const std::string inside =
      "augmentation { [type.googleapis.com/pretext.Solarize] { probability: 1 threshold: 0 } } "
      "augmentation { [type.googleapis.com/pretext.Normalize] {} }";
  const auto evaluated = [&](const std::string& probability) {
    Sample sample = TestSample(input);
    Build(probability + inside, input)->ApplyInEvaluation(sample);
    return sample.values;
  };
  std::vector<float> normalized = TestSample(input).values;
  for (float& x : normalized) x = (x - 0.5f) * 2;
  EXPECT_EQ(evaluated("probability: 1 "), normalized);
  EXPECT_EQ(evaluated("probability: 0.1 "), normalized);
  EXPECT_EQ(evaluated("probability: 0 "), TestSample(input).values);
}

TEST(RandomApply, IsRandomUnlessItDoesTheSameEveryTime) {
  const auto is_random = [](const std::string& probability, const std::string& augmentation) {
    return Build("probability: " + probability + " augmentation { [type.googleapis.com/pretext." +
                     augmentation + "] {} }",
                 FlowType::Image(1, 8, 9))
        ->is_random();
  };
  EXPECT_TRUE(is_random("0.5", "Normalize"));
  EXPECT_FALSE(is_random("0", "Solarize"));
  EXPECT_FALSE(is_random("1", "Normalize"));
  EXPECT_TRUE(is_random("1", "Solarize"));
  const auto flips = [](const std::string& probability) {
    return Build(
               "probability: 1 augmentation { [type.googleapis.com/pretext.Solarize] { "
               "probability: " +
                   probability + " } } augmentation { [type.googleapis.com/pretext.Normalize] {} }",
               FlowType::Image(1, 8, 9))
        ->is_random();
  };
  EXPECT_FALSE(flips("0"));
  EXPECT_TRUE(flips("0.5"));
  EXPECT_FALSE(flips("1"));
}

TEST(RandomApply, ItsValuesAreThoseOfBothWays) {
  const FlowType input = FlowType::Image(1, 8, 9).WithRange(kUnitRange);
  const auto apply =
      Build("augmentation { [type.googleapis.com/pretext.Normalize] { mean: 0.5 } }", input);
  EXPECT_EQ(apply->output().range, (ValueRange{-1, 1}));
}

TEST(RandomApply, NamesEveryFault) {
  const FlowType image = FlowType::Image(3, 8, 9);
  EXPECT_EQ(Faults("", image), "augmentation");
  EXPECT_EQ(
      Faults("probability: 2 augmentation { [type.googleapis.com/pretext.Solarize] "
             "{ threshold: 2 } } augmentation { [type.googleapis.com/pretext.RandomApply] {} }",
             image),
      "augmentation[0].threshold augmentation[1].augmentation probability");
  const std::string crop =
      "augmentation { [type.googleapis.com/pretext.RandomResizedCrop] { height: 5 } }";
  EXPECT_EQ(Faults(crop, image), "(shape)");
  EXPECT_EQ(Faults(crop, FlowType()), "") << "an earlier part is faulty: not this one";
  EXPECT_EQ(Faults(crop, FlowType::Vector(9)), "augmentation[0]");
}

}  // namespace
}  // namespace pretext
