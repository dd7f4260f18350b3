#include "evaluation/fill_mask/fill_mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "encoders/transformer/transformer.h"
#include "encoders/transformer/transformer.pb.h"
#include "heads/masked_language_model/masked_language_model.h"
#include "heads/masked_language_model/masked_language_model.pb.h"
#include "tokenizers/testing/fake_tokenizer.h"

namespace pretext {
namespace {

using testing::HasSubstr;

constexpr int64_t kVocabulary = 12, kLength = 8;

// The fake tokenizer's [MASK] is the word "4".
class FillMaskTest : public testing::Test {
 protected:
  FillMaskTest() {
    Transformer config;
    config.set_width(8);
    config.set_initial_deviation(0.5);
    config.set_vocabulary(kVocabulary + 3);  // room for more
    auto encoder =
        TransformerEncoder::Create(config, {.input = FlowType::Tokens(kLength, kVocabulary)});
    encoder_ = *std::move(encoder);
    auto head = MaskedLanguageModelHead::Create(
        MaskedLanguageModel(),
        {.input = encoder_->output(), .token_embedding = encoder_->token_embedding()});
    head_ = *std::move(head);
    encoder_->parameters().Allocate("encoder", 1);
    head_->parameters().Allocate("head", 1);
  }

  absl::StatusOr<FilledMasks> Fill(const std::string& text, int64_t top) {
    return FillMask(*encoder_, *head_, tokenizer_, text, kLength, top);
  }

  // The probability of each token at a position, from the head's scores in double.
  std::vector<double> Probabilities(const std::vector<int32_t>& tokens, int32_t position) {
    Batch batch;
    batch.samples = 1;
    batch.input = Tensor::Zeros({1, static_cast<int64_t>(tokens.size())}, DType::kInt32);
    std::copy(tokens.begin(), tokens.end(), batch.input.ints());
    batch.masked_positions = Tensor::Zeros({1}, DType::kInt32);
    batch.masked_positions.ints()[0] = position;
    Tape tape(false);
    const Var h = encoder_->Forward(tape, tape.Constant(batch.input), batch, ForwardContext());
    const Tensor t = head_->Forward(tape, h, batch, ForwardContext()).value.value();
    const Tensor& embedding = encoder_->token_embedding()->value;
    std::vector<double> p(embedding.dim(0));
    double sum = 0;
    for (size_t k = 0; k < p.size(); ++k) {
      for (int64_t c = 0; c < 8; ++c) p[k] += double{t.data()[c]} * embedding.data()[k * 8 + c];
      sum += std::exp(p[k]);
    }
    p.resize(kVocabulary);
    sum = 0;
    for (const double score : p) sum += std::exp(score);
    for (double& score : p) score = std::exp(score) / sum;
    return p;
  }

  FakeTokenizer tokenizer_{kVocabulary};
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Head> head_;
};

TEST_F(FillMaskTest, GivesTheLikeliestTokensOfEveryMask) {
  const auto filled = Fill("5 4 7 4", 100);
  ASSERT_TRUE(filled.ok()) << filled.status();
  ASSERT_EQ(filled->masks.size(), 2u);
  const int32_t positions[] = {2, 4};
  for (int m = 0; m < 2; ++m) {
    const std::vector<double> want = Probabilities({2, 5, 4, 7, 4, 3}, positions[m]);
    const std::vector<Guess>& guesses = filled->masks[m];
    ASSERT_EQ(guesses.size(), static_cast<size_t>(kVocabulary));  // no more than the tokenizer has
    double sum = 0, before = 1;
    for (const Guess& guess : guesses) {
      EXPECT_NEAR(guess.probability, want[guess.id], 1e-5);  // scores of size 5 in float
      EXPECT_LE(guess.probability, before);
      EXPECT_EQ(guess.token, std::to_string(guess.id));
      before = guess.probability;
      sum += guess.probability;
    }
    EXPECT_NEAR(sum, 1, 1e-9);
  }
  const auto two = Fill("5 4 7 4", 2);
  ASSERT_EQ(two->masks[1].size(), 2u);
  EXPECT_EQ(two->masks[1][0].id, filled->masks[1][0].id);
}

TEST_F(FillMaskTest, MasksBeyondTheLengthAreCounted) {
  const auto filled = Fill("5 4 7 8 9 10 4 11 4", 3);
  ASSERT_TRUE(filled.ok()) << filled.status();
  EXPECT_EQ(filled->masks.size(), 1u);
  EXPECT_EQ(filled->cut_off, 2);
  EXPECT_EQ(filled->tokens, 11);
  EXPECT_EQ(Fill("5 4 7", 3)->cut_off, 0);
}

TEST_F(FillMaskTest, EveryFaultIsNamed) {
  EXPECT_THAT(std::string(Fill("5 6", 3).status().message()),
              HasSubstr("the text has no 4 to fill in"));
  EXPECT_THAT(std::string(Fill("5 5 5 5 5 5 5 5 5 4", 3).status().message()),
              HasSubstr("lies beyond the 8 tokens that this encoder takes"));
  EXPECT_THAT(std::string(Fill("4", 0).status().message()), HasSubstr("at least one guess"));
}

}  // namespace
}  // namespace pretext
