#include "losses/soft_targets/soft_targets.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/autograd/gradient_check.h"

namespace pretext {
namespace {

// log softmax of row r of s [.., k] over t.
Doubles LogSoftmax(const Doubles& s, size_t r, size_t k, double temperature) {
  double sum = 0;
  for (size_t i = 0; i < k; ++i) sum += std::exp(s[r * k + i] / temperature);
  Doubles result;
  for (size_t i = 0; i < k; ++i) result.push_back(s[r * k + i] / temperature - std::log(sum));
  return result;
}

TEST(SoftTargets, SoftmaxOfRows) {
  const Tensor scores = RandomTensor({5, 37}, 1), center = RandomTensor({37}, 2);
  const Doubles softmax = ToDoubles(SoftmaxOfRows(scores, center, 0.3f));
  const Doubles plain = ToDoubles(SoftmaxOfRows(scores, Tensor(), 0.3f));
  Doubles s = ToDoubles(scores), expected, expected_plain;
  for (size_t r = 0; r < 5; ++r) {
    for (double l : LogSoftmax(s, r, 37, 0.3f)) expected_plain.push_back(std::exp(l));
  }
  for (size_t i = 0; i < s.size(); ++i) s[i] -= center.data()[i % 37];
  for (size_t r = 0; r < 5; ++r) {
    for (double l : LogSoftmax(s, r, 37, 0.3f)) expected.push_back(std::exp(l));
  }
  EXPECT_TRUE(AllClose(softmax, expected, 5e-6));
  EXPECT_TRUE(AllClose(plain, expected_plain, 5e-6));
  EXPECT_FALSE(AllClose(softmax, expected_plain, 1e-2));
}

TEST(SoftTargets, LargeScoresDoNotOverflow) {
  Tensor scores = Tensor::Zeros({1, 3});
  scores.data()[1] = 3e4f;
  EXPECT_EQ(ToDoubles(SoftmaxOfRows(scores, Tensor(), 0.01f)), Doubles({0, 1, 0}));
}

TEST(SoftTargets, CrossEntropyOfPairs) {
  constexpr size_t kSamples = 4, kClasses = 19;
  const Tensor targets = SoftmaxOfRows(RandomTensor({2 * kSamples, kClasses}, 5), Tensor(), 0.5f);
  const Doubles t = ToDoubles(targets);
  // View 1 has two targets, view 2 none.
  const std::vector<ViewPair> pairs = {{0, 1}, {1, 0}, {1, 1}};
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& in) {
        return SoftCrossEntropy(tape, in[0], targets, pairs, kSamples, 0.4f);
      },
      {RandomTensor({3 * kSamples, kClasses}, 1)},
      [&](const std::vector<Doubles>& in) -> Doubles {
        double loss = 0;
        for (const ViewPair& pair : pairs) {
          for (size_t n = 0; n < kSamples; ++n) {
            const size_t row = static_cast<size_t>(pair.target) * kSamples + n;
            const Doubles log_softmax =
                LogSoftmax(in[0], static_cast<size_t>(pair.value) * kSamples + n, kClasses, 0.4f);
            for (size_t i = 0; i < kClasses; ++i) loss -= t[row * kClasses + i] * log_softmax[i];
          }
        }
        return {loss / (3.0 * kSamples)};
      }));
}

TEST(SoftTargets, NonFiniteGoesOn) {
  Tensor scores = RandomTensor({2, 5}, 1), targets = SoftmaxOfRows(scores, Tensor(), 1);
  for (Tensor* bad : {&scores, &targets}) {
    const float kept = bad->data()[7];
    bad->data()[7] = std::numeric_limits<float>::quiet_NaN();
    Tape tape;
    const Var loss = SoftCrossEntropy(tape, tape.Leaf(scores), targets, {{0, 1}, {1, 0}}, 1, 1);
    EXPECT_TRUE(std::isnan(loss.value().item()));
    bad->data()[7] = kept;
  }
}

TEST(SoftTargets, EntropyIsBetweenNoneAndUniform) {
  const auto entropy = [](const Tensor& scores, float temperature) {
    double mean = 0;
    SoftmaxOfRows(scores, Tensor(), temperature, &mean);
    return mean;
  };
  Tensor scores = Tensor::Zeros({2, 4});
  EXPECT_NEAR(entropy(scores, 0.1f), std::log(4.0), 1e-6);
  scores.data()[2] = 100;  // of the first row alone
  EXPECT_NEAR(entropy(scores, 0.1f), std::log(4.0) / 2, 1e-6);
  const Tensor random = RandomTensor({3, 9}, 1);
  double expected = 0;
  for (size_t r = 0; r < 3; ++r) {
    for (double l : LogSoftmax(ToDoubles(random), r, 9, 0.7f)) expected -= std::exp(l) * l / 3;
  }
  EXPECT_NEAR(entropy(random, 0.7f), expected, 1e-6);
}

}  // namespace
}  // namespace pretext
