#include "evaluation/embed_text/embed_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/autograd/gradient_check.h"
#include "encoders/transformer/transformer.h"
#include "encoders/transformer/transformer.pb.h"
#include "tokenizers/testing/fake_tokenizer.h"

namespace pretext {
namespace {

std::unique_ptr<Encoder> Build() {
  Transformer config;
  config.set_width(8);
  config.set_initial_deviation(0.5);
  auto encoder = TransformerEncoder::Create(config, {.input = FlowType::Tokens(8, 12)});
  (*encoder)->parameters().Allocate("encoder", 1);
  return *std::move(encoder);
}

Doubles Row(const Features& features, int64_t n) {
  const auto at = features.values.begin() + n * features.width;
  return Doubles(at, at + features.width);
}

TEST(EmbedTexts, EachTextAsIfAlone) {
  const auto encoder = Build();
  const FakeTokenizer tokenizer(12);
  const std::vector<std::string> texts = {"5 6 7", "9", "", "5 6 7 8 9 10 11 5 6 7", "7 6 5"};
  const auto together = EmbedTexts(*encoder, tokenizer, texts, {.length = 8, .batch_size = 3});
  ASSERT_TRUE(together.ok()) << together.status();
  EXPECT_EQ(together->features.count, 5);
  EXPECT_EQ(together->features.width, 8);
  EXPECT_EQ(together->split, 1);
  EXPECT_EQ(together->tokens, 17);
  EXPECT_EQ(together->unknown, 0);
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto alone = EmbedTexts(*encoder, tokenizer, {texts[i]}, {.length = 8});
    ASSERT_TRUE(alone.ok());
    // Products of other shapes round otherwise.
    EXPECT_TRUE(
        AllClose(Row(together->features, static_cast<int64_t>(i)), Row(alone->features, 0), 1e-5))
        << i;
  }
  EXPECT_FALSE(
      AllClose(Row(together->features, 0), Row(together->features, 4), 1e-2));  // order counts
}

TEST(EmbedTexts, ALongTextIsTheMeanOfItsParts) {
  const auto encoder = Build();
  const FakeTokenizer tokenizer(12);
  // Six tokens a part beside [CLS] and [SEP]: 6 + 6 + 1.
  const auto whole =
      EmbedTexts(*encoder, tokenizer, {"5 6 7 8 9 10 11 1 5 6 7 8 9"}, {.length = 8});
  const auto parts =
      EmbedTexts(*encoder, tokenizer, {"5 6 7 8 9 10", "11 1 5 6 7 8", "9"}, {.length = 8});
  ASSERT_TRUE(whole.ok() && parts.ok());
  EXPECT_EQ(whole->split, 1);
  EXPECT_EQ(whole->unknown, 1);
  Doubles mean(8);
  for (int64_t p = 0; p < 3; ++p) {
    for (int64_t d = 0; d < 8; ++d) {
      mean[d] += (p < 2 ? 6 : 1) / 13.0 * Row(parts->features, p)[d];
    }
  }
  // Products of other shapes round otherwise.
  EXPECT_TRUE(AllClose(Row(whole->features, 0), mean, 1e-5));
  EXPECT_FALSE(AllClose(Row(whole->features, 0), Row(parts->features, 0), 1e-2));
}

TEST(EmbedTexts, FaultsAreNamed) {
  const auto encoder = Build();
  const FakeTokenizer tokenizer(12);
  EXPECT_THAT(std::string(EmbedTexts(*encoder, tokenizer, {}, {}).status().message()),
              testing::HasSubstr("no text"));
  encoder->token_embedding()->value.data()[9 * 8] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(
      std::string(EmbedTexts(*encoder, tokenizer, {"5", "9"}, {.length = 8}).status().message()),
      testing::HasSubstr("sample 1 of the text split"));
}

}  // namespace
}  // namespace pretext
