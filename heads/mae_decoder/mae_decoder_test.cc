#include "heads/mae_decoder/mae_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/autograd/gradient_check.h"
#include "heads/mae_decoder/mae_decoder.pb.h"

// Values and gradients against PyTorch: tests/masked_autoencoder.

namespace pretext {
namespace {

using testing::HasSubstr;

// 2 of 6 patches are kept.
FlowType View() { return FlowType::Image(3, 8, 12).WithMaskedPatches(4, 2); }

MaeDecoder Small() {
  MaeDecoder config;
  config.set_layers(2);
  config.set_width(8);
  config.set_heads(2);
  return config;
}

Batch MakeBatch(const std::vector<int32_t>& masked) {
  return {.samples = 1, .type = View(), .masked_positions = Int32s(masked)};
}

TEST(MaeDecoder, GivesTheMaskedPatchesByTheirPlaces) {
  for (const int64_t prefix : {0, 1}) {
    const auto head = MaeDecoderHead::Create(
        Small(), {.input = FlowType::Sequence(2 + prefix, 5), .view = View()});
    ASSERT_TRUE(head.ok()) << head.status();
    EXPECT_EQ((*head)->output(), FlowType::Sequence(4, 48));
    (*head)->parameters().Allocate("head", 1);
    const Tensor h = RandomTensor({1, 2 + prefix, 5}, 1);
    const auto decode = [&](const std::vector<int32_t>& masked) {
      Tape tape(false);
      return ToDoubles((*head)
                           ->Forward(tape, tape.Constant(h), MakeBatch(masked), ForwardContext())
                           .value.value());
    };
    const Doubles one = decode({0, 1, 3, 4}), other = decode({0, 1, 2, 4});
    EXPECT_EQ(one.size(), 4 * 48);
    EXPECT_NE(one, other) << "features that stand elsewhere say something else";
    // The patches are told apart by their places alone.
    for (int p = 1; p < 4; ++p) EXPECT_NE(one[0], one[p * 48]);
  }
}

TEST(MaeDecoder, OfWholePicturesThereIsNothingToGive) {
  const auto head =
      MaeDecoderHead::Create(Small(), {.input = FlowType::Sequence(3, 5), .view = View()});
  ASSERT_TRUE(head.ok()) << head.status();
  (*head)->parameters().Allocate("head", 1);
  Batch batch;
  batch.samples = 2;
  Tape tape(false);
  const Var h = tape.Constant(RandomTensor({2, 7, 5}, 1));
  EXPECT_EQ((*head)->Forward(tape, h, batch, ForwardContext()).value.shape(), (Shape{2, 0, 48}));
}

TEST(MaeDecoder, InitialWeightsAreXaviers) {
  MaeDecoder config = Small();
  config.set_width(64);
  const auto head =
      MaeDecoderHead::Create(config, {.input = FlowType::Sequence(3, 32), .view = View()});
  ASSERT_TRUE(head.ok()) << head.status();
  (*head)->parameters().Allocate("head", 1);
  for (const Parameter& p : (*head)->parameters().parameters()) {
    if (p.role != Role::kWeight) continue;
    const double bound = std::sqrt(6.0 / static_cast<double>(p.shape[0] + p.shape[1]));
    const Doubles values = ToDoubles(p.value);
    const double largest = *std::max_element(values.begin(), values.end());
    EXPECT_TRUE(largest <= bound * 1.000001 && largest > 0.98 * bound) << p.name;
  }
}

TEST(MaeDecoder, EveryFaultIsNamed) {
  const auto fault = [](const MaeDecoder& config, const FlowType& input, const FlowType& view) {
    return std::string(
        MaeDecoderHead::Create(config, {.input = input, .view = view}).status().message());
  };
  EXPECT_THAT(
      fault(Small(), FlowType::Vector(5), View()),
      HasSubstr("the encoder gives vector 5. VisionTransformer gives one with pooled: false"));
  EXPECT_THAT(fault(Small(), FlowType::Sequence(3, 5), FlowType::Image(3, 8, 12)),
              HasSubstr("there are none: the views end in image 3×8×12. Put views { augmentation"));
  EXPECT_THAT(fault(Small(), FlowType::Sequence(7, 5), View()),
              HasSubstr("takes features of the 2 patches that are kept of 6"));
  MaeDecoder config;
  config.set_layers(0);
  config.set_width(10);
  config.set_heads(3);
  config.set_mlp_ratio(-1);
  config.set_epsilon(0);
  config.set_initial_deviation(0);
  for (const char* part : {"layers: ", "width: must be a multiple of 4", "heads: must divide",
                           "mlp_ratio: ", "epsilon: ", "initial_deviation: "}) {
    EXPECT_THAT(fault(config, FlowType::Sequence(3, 5), View()), HasSubstr(part));
  }
}

}  // namespace
}  // namespace pretext
