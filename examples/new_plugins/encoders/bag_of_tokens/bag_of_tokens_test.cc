#include "encoders/bag_of_tokens/bag_of_tokens.h"

#include <gtest/gtest.h>

#include <string>

#include "encoders/bag_of_tokens/bag_of_tokens.pb.h"

namespace pretext {
namespace {

// Texts of the ids, three tokens long at most, of a vocabulary of five.
Tensor Encode(Encoder& encoder, std::initializer_list<int32_t> ids,
              std::initializer_list<int32_t> lengths) {
  const auto samples = static_cast<int64_t>(lengths.size());
  Batch batch;
  batch.samples = samples;
  batch.input = Tensor::Uninitialized({samples, 3}, DType::kInt32);
  batch.lengths = Tensor::Uninitialized({samples}, DType::kInt32);
  std::copy(ids.begin(), ids.end(), batch.input.ints());
  std::copy(lengths.begin(), lengths.end(), batch.lengths.ints());
  Tape tape(false);
  return encoder.Forward(tape, tape.Constant(batch.input), batch, {}).value();
}

TEST(BagOfTokensEncoder, PaddingDoesNotCountAndTokensDo) {
  BagOfTokens config;
  const auto encoder = BagOfTokensEncoder::Create(config, {.input = FlowType::Tokens(3, 5)});
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  (*encoder)->parameters().Allocate("encoder", 1);
  const Tensor h = Encode(**encoder, {1, 2, 3, 1, 2, 4, 1, 2, 0}, {2, 2, 3});
  bool differs = false;
  for (int64_t d = 0; d < 32; ++d) {
    EXPECT_EQ(h.data()[d], h.data()[32 + d]) << "they differ in padding alone";
    differs = differs || h.data()[d] != h.data()[64 + d];
  }
  EXPECT_TRUE(differs);
}

TEST(BagOfTokensEncoder, TakesNoImages) {
  const auto encoder = BagOfTokensEncoder::Create({}, {.input = FlowType::Image(1, 3, 5)});
  EXPECT_NE(encoder.status().message().find("takes tokens; it is given"), std::string::npos)
      << encoder.status();
}

}  // namespace
}  // namespace pretext
