#include "losses/masked_cross_entropy/masked_cross_entropy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/autograd/gradient_check.h"
#include "losses/masked_cross_entropy/masked_cross_entropy.pb.h"

namespace pretext {
namespace {

const BuildContext kContext{.input = FlowType::TokenScores(3, 7)};

std::unique_ptr<Loss> Build() {
  auto loss = MaskedCrossEntropyLoss::Create(MaskedCrossEntropy(), kContext);
  EXPECT_TRUE(loss.ok()) << loss.status();
  return *std::move(loss);
}

Batch MakeBatch(const std::vector<int32_t>& ids) {
  return {.samples = 2, .masked_positions = Int32s(ids), .masked_ids = Int32s(ids)};
}

TEST(MaskedCrossEntropy, ValueAndGradients) {
  const auto loss = Build();
  const std::vector<int32_t> ids = {6, 0, 3, 3};
  const Batch batch = MakeBatch(ids);
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& in) {
        const LossResult result = loss->Compute(
            tape, {.value = in[0], .decoder_weight = in[1], .decoder_bias = in[2]}, batch);
        EXPECT_EQ(result.weight, 4);
        return result.loss;
      },
      {RandomTensor({4, 3}, 1), RandomTensor({7, 3}, 2), RandomTensor({7}, 3)},
      [&](const std::vector<Doubles>& at) {
        double total = 0;
        for (int m = 0; m < 4; ++m) {
          double sum = 0, target = 0;
          for (int k = 0; k < 7; ++k) {
            double score = at[2][k];
            for (int c = 0; c < 3; ++c) score += at[0][m * 3 + c] * at[1][k * 3 + c];
            sum += std::exp(score);
            if (k == ids[m]) target = score;
          }
          total += (std::log(sum) - target) / 4;
        }
        return Doubles{total};
      }));
}

TEST(MaskedCrossEntropy, AccuracyAndChance) {
  const auto loss = Build();
  // Scores are the bias alone: token 5 is the best everywhere.
  Tensor bias = Tensor::Zeros({7});
  bias.data()[5] = 1;
  Tape tape;
  const LossResult result = loss->Compute(tape,
                                          {.value = tape.Constant(Tensor::Zeros({4, 3})),
                                           .decoder_weight = tape.Constant(Tensor::Zeros({7, 3})),
                                           .decoder_bias = tape.Constant(bias)},
                                          MakeBatch({5, 1, 5, 5}));
  ASSERT_EQ(result.metrics.size(), 1u);
  EXPECT_STREQ(result.metrics[0].first, "accuracy");
  EXPECT_EQ(result.metrics[0].second, 0.75);
  EXPECT_DOUBLE_EQ(*loss->Chance(2, 1), std::log(7.0));
}

TEST(MaskedCrossEntropy, NothingMaskedIsNoLoss) {
  Tape tape;
  const Var t = tape.Leaf(Tensor::Zeros({0, 3})), weight = tape.Leaf(RandomTensor({7, 3}, 1));
  const LossResult result =
      Build()->Compute(tape, {.value = t, .decoder_weight = weight}, MakeBatch({}));
  EXPECT_EQ(result.loss.value().item(), 0);
  EXPECT_EQ(result.weight, 0);
  tape.Backward(result.loss);
  EXPECT_EQ(ToDoubles(tape.LeafGradient(weight)), Doubles(21, 0.0));
}

TEST(MaskedCrossEntropy, AHeadOfVectorsIsAFault) {
  const auto loss =
      MaskedCrossEntropyLoss::Create(MaskedCrossEntropy(), {.input = FlowType::Vector(32)});
  EXPECT_THAT(std::string(loss.status().message()),
              testing::HasSubstr("takes token scores, as the head MaskedLanguageModel gives them; "
                                 "this head gives vector 32"));
}

}  // namespace
}  // namespace pretext
