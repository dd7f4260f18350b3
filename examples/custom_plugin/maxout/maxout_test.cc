#include "maxout/maxout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/autograd/gradient_check.h"
#include "maxout/maxout.pb.h"

namespace custom {
namespace {

using pretext::Doubles;
using pretext::FlowType;

// y = x Wᵀ + b in double.
Doubles Layer(const Doubles& x, const Doubles& w, const Doubles& b) {
  const size_t out = b.size(), in = w.size() / out;
  Doubles y;
  for (size_t r = 0; r < x.size() / in; ++r) {
    for (size_t o = 0; o < out; ++o) {
      double sum = b[o];
      for (size_t i = 0; i < in; ++i) sum += x[r * in + i] * w[o * in + i];
      y.push_back(sum);
    }
  }
  return y;
}

Doubles LargestPiece(const Doubles& x, size_t pieces) {
  Doubles y;
  for (size_t i = 0; i < x.size(); i += pieces) {
    y.push_back(*std::max_element(x.begin() + i, x.begin() + i + pieces));
  }
  return y;
}

TEST(Maxout, ValuesAndGradientsOfEveryParameter) {
  Maxout config;
  config.add_hidden(4);
  config.set_pieces(3);
  config.set_code(2);
  auto encoder = MaxoutEncoder::Create(config, {.input = FlowType::Image(1, 2, 3)});
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  EXPECT_EQ((*encoder)->output(), FlowType::Vector(2));
  (*encoder)->parameters().Allocate("encoder", 7);
  std::vector<pretext::Parameter*> parameters;
  for (pretext::Parameter& p : (*encoder)->parameters().parameters()) parameters.push_back(&p);
  EXPECT_TRUE(pretext::CheckGradients(
      [&](pretext::Tape& tape, const std::vector<pretext::Var>& x) {
        return (*encoder)->Forward(tape, x[0], pretext::Batch(), pretext::ForwardContext());
      },
      {pretext::RandomTensor({5, 1, 2, 3}, 1)},
      [](const std::vector<Doubles>& at) {
        return Layer(LargestPiece(Layer(at[0], at[1], at[2]), 3), at[3], at[4]);
      },
      {.parameters = parameters}));
}

TEST(Maxout, EveryFaultIsNamed) {
  Maxout config;
  config.add_hidden(0);
  config.set_pieces(-1);
  config.set_code(0);
  const auto encoder = MaxoutEncoder::Create(config, {.input = FlowType::Sequence(8, 16)});
  const std::string message(encoder.status().message());
  for (const char* fault : {"hidden[0]: ", "pieces: ", "code: ", "it is given sequence 8×16"}) {
    EXPECT_THAT(message, testing::HasSubstr(fault));
  }
}

}  // namespace
}  // namespace custom
