#include "heads/conv_decoder/conv_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/autograd/gradient_check.h"
#include "core/layers/layers_reference.h"
#include "heads/conv_decoder/conv_decoder.pb.h"
#include "kernels/conv/conv_reference.h"

namespace pretext {
namespace {

using testing::HasSubstr;

ConvDecoder Config() {
  ConvDecoder config;
  config.add_channels(4);
  config.add_channels(3);
  return config;
}

std::unique_ptr<Head> Build(const ConvDecoder& config, int64_t features, const FlowType& sample) {
  auto head =
      ConvDecoderHead::Create(config, {.input = FlowType::Vector(features), .sample = sample});
  EXPECT_TRUE(head.ok()) << head.status();
  (*head)->parameters().Allocate("head", 7);
  return *std::move(head);
}

testing::AssertionResult Check(
    Head& head, int64_t features,
    const std::function<Doubles(const std::vector<Doubles>&)>& reference) {
  std::vector<Parameter*> parameters;
  for (Parameter& p : head.parameters().parameters()) {
    p.value = RandomParameter(p.shape, parameters.size() + 5, 0.5f).value;
    parameters.push_back(&p);
  }
  return CheckGradients(
      [&](Tape& tape, const std::vector<Var>& h) {
        return head.Forward(tape, h[0], Batch(), {.training = true}).value;
      },
      {RandomTensor({3, features}, 1)}, reference, {.parameters = parameters});
}

// The convolutions whose transposes lead from 4×2×2 over 3×3×4 to 2×5×7.
constexpr ConvShape kFirst = {3, 3, 3, 4, 4, 3, 2, 1, 1}, kSecond = {3, 2, 5, 7, 3, 3, 2, 1, 1};

TEST(ConvDecoder, ValuesAndGradients) {
  ConvDecoder config = Config();
  config.set_output_activation(SIGMOID);
  auto head = Build(config, 5, FlowType::Image(2, 5, 7));
  EXPECT_EQ(head->output(), FlowType::Image(2, 5, 7));
  EXPECT_TRUE(Check(*head, 5, [](const std::vector<Doubles>& at) {
    const Doubles a = ReluReference(AddBiasReference(LinearReference(at[0], 5, at[1]), at[2]));
    const Doubles b =
        ReluReference(AddBiasReference(ConvBackwardDataReference(kFirst, a, at[3]), at[4], 12));
    Doubles y = AddBiasReference(ConvBackwardDataReference(kSecond, b, at[5]), at[6], 35);
    for (double& v : y) v = 1 / (1 + std::exp(-v));
    return y;
  }));
}

TEST(ConvDecoder, ValuesAndGradientsWithNormalisation) {
  ConvDecoder config = Config();
  config.set_batch_norm(true);
  auto head = Build(config, 5, FlowType::Image(2, 5, 7));
  EXPECT_TRUE(Check(*head, 5, [](const std::vector<Doubles>& at) {
    const Doubles a =
        ReluReference(BatchNormReference(LinearReference(at[0], 5, at[1]), at[2], at[3], 4));
    const Doubles b = ReluReference(
        BatchNormReference(ConvBackwardDataReference(kFirst, a, at[4]), at[5], at[6], 12));
    return AddBiasReference(ConvBackwardDataReference(kSecond, b, at[7]), at[8], 35);
  }));
}

TEST(ConvDecoder, RebuildsAnySize) {
  for (int64_t side : {1, 2, 3, 4, 7, 8, 13, 28}) {
    auto head = Build(Config(), 5, FlowType::Image(1, side, side + 1));
    Tape tape(false);
    const Var x = head->Forward(tape, tape.Constant(RandomTensor({2, 5}, 1)), Batch(), {}).value;
    EXPECT_EQ(x.shape(), (Shape{2, 1, side, side + 1}));
  }
}

// 64 -> 64×7×7 -> 32×14×14 -> 1×28×28, as PyTorch's modules would count.
TEST(ConvDecoder, DeclaresItsParametersWithoutMemory) {
  ConvDecoder config;
  config.add_channels(64);
  config.add_channels(32);
  auto head = ConvDecoderHead::Create(
      config, {.input = FlowType::Vector(64), .sample = FlowType::Image(1, 28, 28)});
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ((*head)->parameters().count(), 64 * 3136 + 3136 + 64 * 32 * 9 + 32 + 32 * 9 + 1);
  EXPECT_FALSE((*head)->parameters().parameters()[0].value.defined());
}

TEST(ConvDecoder, EveryFaultIsNamed) {
  ConvDecoder config;
  config.add_channels(-3);
  config.set_kernel(0);
  config.set_stride(0);
  config.set_padding(5);
  config.set_norm_momentum(-1);
  config.set_norm_epsilon(0);
  const auto head = ConvDecoderHead::Create(
      config, {.input = FlowType::Image(1, 2, 2), .sample = FlowType::Tokens(8, 100)});
  const std::string message(head.status().message());
  for (const char* part : {"channels[0]: ", "kernel: ", "stride: ", "padding: ", "norm_momentum: ",
                           "norm_epsilon: ", "takes a vector; the encoder gives image 1×2×2",
                           "rebuilds images; the dataset has tokens 8 of 100"}) {
    EXPECT_THAT(message, HasSubstr(part));
  }
  ConvDecoder deep = Config();
  deep.set_padding(0);
  const auto small = ConvDecoderHead::Create(
      deep, {.input = FlowType::Vector(2), .sample = FlowType::Image(1, 4, 4)});
  EXPECT_THAT(
      std::string(small.status().message()),
      HasSubstr("channels: a sample of image 1×4×4 is too small for 2 layers with a kernel of 3"));
}

}  // namespace
}  // namespace pretext
