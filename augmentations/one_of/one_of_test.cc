#include "augmentations/one_of/one_of.h"

#include "augmentations/testing/augmenting.h"
#include "augmentations/testing/distribution.h"

namespace pretext {
namespace {

const auto Build = BuildAugmentation<OneOfAugmentation, OneOf>;
const auto Faults = FaultPaths<OneOfAugmentation, OneOf>;

TEST(OneOf, DrawsByWeight) {
  const FlowType input = FlowType::Image(1, 8, 9);
  const auto one_of = Build(
      "choice { weight: 2 augmentation { [type.googleapis.com/pretext.Solarize] "
      "{ probability: 1 threshold: 0 } } } "
      "choice { weight: 0 augmentation { [type.googleapis.com/pretext.RandomResizedCrop] {} } } "
      "choice { weight: 5 } "
      "choice { augmentation { [type.googleapis.com/pretext.Solarize] { probability: 1 } } }",
      input);
  const Sample before = TestSample(input);
  std::vector<double> counts(3);
  for (int draw = 0; draw < 16000; ++draw) {
    const Sample after = Augmented(*one_of, input, draw);
    if (after.values == before.values) {
      ++counts[1];
    } else if (*std::max_element(after.values.begin(), after.values.end()) > 0.51f) {
      ++counts[0];
    } else {
      ++counts[2];
    }
  }
  EXPECT_GT(ChiSquare(counts, {0.25, 0.625, 0.125}), kSignificance);
}

TEST(OneOf, ItsValuesAreThoseOfAnyChoiceAndInEvaluationTheFirst) {
  const FlowType input = FlowType::Image(1, 8, 9).WithRange(kUnitRange);
  const auto one_of = Build(
      "choice { augmentation { [type.googleapis.com/pretext.Normalize] {} } } "
      "choice { augmentation { [type.googleapis.com/pretext.Normalize] { mean: 0 } } }",
      input);
  EXPECT_EQ(one_of->output().range, (ValueRange{-1, 2}));
  Sample sample = TestSample(input), expected = sample;
  for (float& x : expected.values) x = (x - 0.5f) * 2;
  one_of->ApplyInEvaluation(sample);
  EXPECT_EQ(sample.values, expected.values);
}

TEST(OneOf, IsRandomUnlessItsOneChoiceIsNot) {
  const auto is_random = [](const std::string& text) {
    return Build(text, FlowType::Image(1, 8, 9))->is_random();
  };
  EXPECT_FALSE(is_random("choice {} choice { weight: 0 }"));
  EXPECT_TRUE(is_random("choice {} choice {}"));
  EXPECT_TRUE(is_random("choice { augmentation { [type.googleapis.com/pretext.Solarize] {} } }"));
}

TEST(OneOf, NamesEveryFault) {
  const FlowType image = FlowType::Image(3, 8, 9);
  EXPECT_EQ(Faults("", image), "choice");
  EXPECT_EQ(Faults("choice { weight: 0 }", image), "choice");
  EXPECT_EQ(Faults("choice { weight: -1 } choice { augmentation { "
                   "[type.googleapis.com/pretext.Solarize] { threshold: 2 } } }",
                   image),
            "choice[0].weight choice[1].augmentation[0].threshold");
  EXPECT_EQ(Faults("choice {} choice { augmentation { "
                   "[type.googleapis.com/pretext.RandomResizedCrop] { height: 5 } } }",
                   image),
            "(shape)");
  EXPECT_EQ(Faults("choice {}", FlowType()), "");
}

}  // namespace
}  // namespace pretext
