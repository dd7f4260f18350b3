#include "encoders/conv_net/conv_net.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/autograd/gradient_check.h"
#include "core/layers/layers_reference.h"
#include "encoders/conv_net/conv_net.pb.h"
#include "kernels/conv/conv_reference.h"

namespace pretext {
namespace {

using testing::HasSubstr;

std::unique_ptr<Encoder> Build(const ConvNet& config, const FlowType& input) {
  auto encoder = ConvNetEncoder::Create(config, {.input = input});
  EXPECT_TRUE(encoder.ok()) << encoder.status();
  (*encoder)->parameters().Allocate("encoder", 7);
  return *std::move(encoder);
}

testing::AssertionResult Check(
    Encoder& encoder, const Shape& input,
    const std::function<Doubles(const std::vector<Doubles>&)>& reference) {
  std::vector<Parameter*> parameters;
  for (Parameter& p : encoder.parameters().parameters()) {
    p.value = RandomParameter(p.shape, parameters.size() + 5, 0.5f).value;
    parameters.push_back(&p);
  }
  return CheckGradients(
      [&](Tape& tape, const std::vector<Var>& x) {
        return encoder.Forward(tape, x[0], Batch(), {.training = true});
      },
      {RandomTensor(input, 1)}, reference, {.parameters = parameters});
}

TEST(ConvNet, FlattenedToACode) {
  ConvNet config;
  config.add_channels(3);
  config.add_channels(4);
  config.set_code(2);
  auto encoder = Build(config, FlowType::Image(2, 7, 6));
  EXPECT_EQ(encoder->output(), FlowType::Vector(2));
  EXPECT_TRUE(Check(*encoder, {3, 2, 7, 6}, [](const std::vector<Doubles>& at) {
    const ConvShape first = {3, 2, 7, 6, 3, 3, 2, 1, 1}, second = {3, 3, 4, 3, 4, 3, 2, 1, 1};
    const Doubles a =
        ReluReference(AddBiasReference(ConvForwardReference(first, at[0], at[1]), at[2], 12));
    const Doubles b =
        ReluReference(AddBiasReference(ConvForwardReference(second, a, at[3]), at[4], 4));
    return AddBiasReference(LinearReference(b, 16, at[5]), at[6]);
  }));
}

TEST(ConvNet, NormalisedAndAveraged) {
  ConvNet config;
  config.add_channels(3);
  config.add_channels(4);
  config.add_stride(1);
  config.add_stride(2);
  config.set_batch_norm(true);
  config.set_average_pool(true);
  config.set_code(0);
  auto encoder = Build(config, FlowType::Image(2, 4, 4));
  EXPECT_EQ(encoder->output(), FlowType::Vector(4));
  EXPECT_TRUE(Check(*encoder, {3, 2, 4, 4}, [](const std::vector<Doubles>& at) {
    const ConvShape first = {3, 2, 4, 4, 3, 3, 1, 1, 1}, second = {3, 3, 4, 4, 4, 3, 2, 1, 1};
    const Doubles a = ReluReference(
        BatchNormReference(ConvForwardReference(first, at[0], at[1]), at[2], at[3], 16));
    const Doubles b =
        ReluReference(BatchNormReference(ConvForwardReference(second, a, at[4]), at[5], at[6], 4));
    Doubles h(12);
    for (size_t i = 0; i < b.size(); ++i) h[i / 4] += b[i] / 4;
    return h;
  }));
}

TEST(ConvNet, DeclaresItsParametersWithoutMemory) {
  ConvNet config;
  config.add_channels(32);
  config.add_channels(64);
  auto encoder = ConvNetEncoder::Create(config, {.input = FlowType::Image(1, 28, 28)});
  ASSERT_TRUE(encoder.ok());
  EXPECT_EQ((*encoder)->output(), FlowType::Vector(32));
  EXPECT_EQ((*encoder)->parameters().count(), 32 * 9 + 32 + 64 * 32 * 9 + 64 + 32 * 64 * 49 + 32);
  EXPECT_EQ((*encoder)->parameters().parameters()[0].name, "conv0.weight");
  EXPECT_FALSE((*encoder)->parameters().parameters()[0].value.defined());
}

TEST(ConvNet, EveryFaultIsNamed) {
  ConvNet config;
  config.add_channels(0);
  config.add_channels(8);
  config.set_kernel(0);
  config.set_padding(-1);
  for (int i = 0; i < 3; ++i) config.add_stride(0);
  config.set_code(-1);
  config.set_norm_momentum(0);
  config.set_norm_epsilon(0);
  const auto encoder = ConvNetEncoder::Create(config, {.input = FlowType::Vector(8)});
  const std::string message(encoder.status().message());
  for (const char* part :
       {"channels[0]: ", "kernel: ", "padding: ", "stride: is given once or once for each of the 2",
        "stride[2]: ", "code: ", "norm_momentum: ", "norm_epsilon: ",
        "takes images; it is given vector 8"}) {
    EXPECT_THAT(message, HasSubstr(part));
  }
  EXPECT_THAT(std::string(ConvNetEncoder::Create(ConvNet(), {}).status().message()),
              HasSubstr("channels: "));
}

TEST(ConvNet, AnImageThatBecomesTooSmallIsAFault) {
  ConvNet config;
  for (int i = 0; i < 3; ++i) config.add_channels(8);
  config.set_padding(0);
  const auto encoder = ConvNetEncoder::Create(config, {.input = FlowType::Image(1, 8, 8)});
  EXPECT_THAT(std::string(encoder.status().message()),
              HasSubstr("channels[2]: the image is 1×1 by then"));
}

TEST(ConvNet, AProductBeyond64BitsIsAFault) {
  ConvNet config;
  config.add_channels(1 << 24);
  config.add_stride(1);
  config.set_code(1 << 24);
  const auto encoder =
      ConvNetEncoder::Create(config, {.input = FlowType::Image(1, 1 << 24, 1 << 24)});
  EXPECT_THAT(std::string(encoder.status().message()), HasSubstr("code: "));
}

}  // namespace
}  // namespace pretext
