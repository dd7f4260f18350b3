#include "encoders/patches/patches.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/autograd/gradient_check.h"
#include "encoders/patches/patches.pb.h"

namespace pretext {
namespace {

TEST(PatchesEncoder, IsTheMeanOverPatches) {
  Patches config;
  config.set_size(2);
  config.set_width(3);
  const auto encoder = PatchesEncoder::Create(config, {.input = FlowType::Image(1, 4, 5)});
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  ParameterSet& set = (*encoder)->parameters();
  set.Allocate("encoder", 1);
  const Tensor x = RandomTensor({2, 1, 4, 5}, 1);
  Tape tape;
  const Tensor h = (*encoder)->Forward(tape, tape.Constant(x), {.samples = 2}, {}).value();
  const float* const weight = set.parameters()[0].value.data();
  const float* const bias = set.parameters()[1].value.data();
  for (int64_t r = 0; r < 2; ++r) {
    for (int64_t d = 0; d < 3; ++d) {
      double mean = 0;
      for (int64_t patch = 0; patch < 4; ++patch) {  // the fifth column is left over
        double sum = bias[d];
        for (int64_t pixel = 0; pixel < 4; ++pixel) {
          const int64_t row = patch / 2 * 2 + pixel / 2, column = patch % 2 * 2 + pixel % 2;
          sum += double{weight[d * 4 + pixel]} * x.data()[(r * 4 + row) * 5 + column];
        }
        mean += std::tanh(sum) / 4;
      }
      // A few roundings of values below 1.
      EXPECT_TRUE(std::abs(h.data()[r * 3 + d] - mean) <= 1e-6) << r << " " << d;
    }
  }
}

TEST(PatchesEncoder, NamesAPatchLargerThanTheImage) {
  Patches config;
  const auto encoder = PatchesEncoder::Create(config, {.input = FlowType::Image(1, 3, 5)});
  EXPECT_NE(encoder.status().message().find("size: is 4, more than the image"), std::string::npos)
      << encoder.status();
}

}  // namespace
}  // namespace pretext
