#include "core/ops/patches.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/autograd/gradient_check.h"
#include "core/ops/basic.h"

namespace pretext {
namespace {

// 2 pictures of 3 channels, 4 × 6 pixels: 6 patches of 2 × 2 each.
constexpr int64_t kN = 2, kC = 3, kH = 4, kW = 6, kP = 2, kL = 6;

Doubles PatchesOf(const Doubles& x, const std::vector<int32_t>& which) {
  Doubles y;
  for (const int32_t number : which) {
    const int64_t n = number / kL, top = number % kL / 3 * kP, left = number % kL % 3 * kP;
    for (int64_t c = 0; c < kC; ++c) {
      for (int64_t i = 0; i < kP; ++i) {
        for (int64_t j = 0; j < kP; ++j)
          y.push_back(x[((n * kC + c) * kH + top + i) * kW + left + j]);
      }
    }
  }
  return y;
}

TEST(PatchRows, AllOrThoseThatAreListed) {
  std::vector<int32_t> all(kN * kL);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int32_t>(i);
  const std::vector<int32_t> some = {1, 4, 5, 6, 9};
  for (const auto& which : {all, some}) {
    const Tensor listed = which.size() == some.size() ? Int32s(some) : Tensor();
    EXPECT_TRUE(CheckGradients(
        [&](Tape& tape, const std::vector<Var>& in) { return PatchRows(tape, in[0], kP, listed); },
        {RandomTensor({kN, kC, kH, kW}, 1)},
        [&](const std::vector<Doubles>& in) { return PatchesOf(in[0], which); }));
  }
}

TEST(PatchRows, GradientsAreAddedToThoseThatAreThere) {
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& in) {
        const Var parts[] = {PatchRows(tape, in[0], kP, Int32s({1, 7})),
                             PatchRows(tape, in[0], kP, Int32s({7, 8}))};
        return Concat(tape, parts);
      },
      {RandomTensor({kN, kC, kH, kW}, 1)},
      [&](const std::vector<Doubles>& in) {
        return PatchesOf(in[0], {1, 7, 7, 8});
      }));
}

TEST(KeptPatches, AreTheOthers) {
  const Tensor kept = KeptPatches(Int32s({0, 3, 4, 6, 9, 11}), 2, 6);
  EXPECT_EQ(std::vector<int32_t>(kept.ints(), kept.ints() + kept.size()),
            (std::vector<int32_t>{1, 2, 5, 7, 8, 10}));
}

TEST(PlaceTokens, ValuesAndGradients) {
  constexpr int64_t kD = 19;  // more than a line of columns
  const std::vector<int32_t> source = {-1, 2, 0, -1, 3}, place = {0, 1, 3, 0, 1};
  const TokenPlaces places = {Int32s(source), Int32s(place)};
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& in) {
        return PlaceTokens(tape, in[0], in[1], in[2], places);
      },
      {RandomTensor({4, kD}, 1), RandomTensor({1, 1, kD}, 2), RandomTensor({4, kD}, 3)},
      [&](const std::vector<Doubles>& in) {
        Doubles y;
        for (size_t i = 0; i < source.size(); ++i) {
          for (int64_t c = 0; c < kD; ++c) {
            const double from = source[i] < 0 ? in[1][c] : in[0][source[i] * kD + c];
            y.push_back(from + in[2][place[i] * kD + c]);
          }
        }
        return y;
      }));
}

}  // namespace
}  // namespace pretext
