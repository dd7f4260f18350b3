#include "heads/masked_language_model/masked_language_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "core/autograd/gradient_check.h"
#include "heads/masked_language_model/masked_language_model.pb.h"

// Values and gradients against PyTorch: tests/masked_language_model.

namespace pretext {
namespace {

using testing::HasSubstr;

// An encoder with a token embedding, or without.
class FakeEncoder : public Encoder {
 public:
  explicit FakeEncoder(int64_t features) {
    if (features > 0) {
      embedding_ = parameters().Add("token_embedding", Role::kEmbedding, {11, features},
                                    Initializer::Normal(1));
    }
  }
  FlowType output() const override { return FlowType::Sequence(5, 4); }
  Var Forward(Tape&, Var x, const Batch&, const ForwardContext&) override { return x; }
  Parameter* token_embedding() override { return embedding_; }

 private:
  Parameter* embedding_ = nullptr;
};

Batch MakeBatch(const std::vector<int32_t>& positions) {
  return {.samples = 2, .masked_positions = Int32s(positions)};
}

// A head on the encoder's embedding; both are allocated.
std::unique_ptr<Head> HeadOf(FakeEncoder& encoder) {
  auto head = MaskedLanguageModelHead::Create(
      MaskedLanguageModel(),
      {.input = encoder.output(), .token_embedding = encoder.token_embedding()});
  EXPECT_TRUE(head.ok()) << head.status();
  encoder.parameters().Allocate("encoder", 1);
  (*head)->parameters().Allocate("head", 1);
  return *std::move(head);
}

TEST(MaskedLanguageModel, ReadsTheMaskedPositionsOnly) {
  FakeEncoder encoder(4);
  const auto head = HeadOf(encoder);
  EXPECT_EQ(head->output(), FlowType::TokenScores(4, 11));
  const Batch batch = MakeBatch({1, 7, 9});
  EXPECT_EQ(head->RowsRead(batch).ints(), batch.masked_positions.ints());
  const Tensor h = RandomTensor({2, 5, 4}, 1);
  Tensor rows = Tensor::Uninitialized({3, 4});
  for (int m = 0; m < 3; ++m) {
    std::copy_n(h.data() + batch.masked_positions.ints()[m] * 4, 4, rows.data() + m * 4);
  }
  Tape tape;
  const Prediction all = head->Forward(tape, tape.Constant(h), batch, ForwardContext());
  const Prediction masked = head->Forward(tape, tape.Constant(rows), batch, ForwardContext());
  EXPECT_EQ(all.value.shape(), (Shape{3, 4}));
  EXPECT_EQ(ToDoubles(all.value.value()), ToDoubles(masked.value.value()));
  EXPECT_EQ(all.decoder_weight.shape(), (Shape{11, 4}));
  EXPECT_EQ(ToDoubles(all.decoder_bias.value()), Doubles(11, 0.0));
}

TEST(MaskedLanguageModel, DecoderIsTheEncodersEmbedding) {
  FakeEncoder encoder(4);
  const auto head = HeadOf(encoder);
  EXPECT_EQ(head->parameters().count(), 4 * 4 + 4 + 2 * 4 + 11);
  Tape tape;
  const Prediction prediction =
      head->Forward(tape, tape.Constant(RandomTensor({1, 4}, 1)), MakeBatch({2}), ForwardContext());
  EXPECT_EQ(prediction.decoder_weight.value().data(), encoder.token_embedding()->value.data());
}

TEST(MaskedLanguageModel, NothingMasked) {
  FakeEncoder encoder(4);
  const auto head = HeadOf(encoder);
  Tape tape;
  const Prediction prediction =
      head->Forward(tape, tape.Leaf(RandomTensor({2, 5, 4}, 1)), MakeBatch({}), ForwardContext());
  EXPECT_EQ(prediction.value.shape(), (Shape{0, 4}));
}

TEST(MaskedLanguageModel, EveryFaultIsNamed) {
  const auto fault = [](Encoder* encoder, FlowType input) {
    return std::string(
        MaskedLanguageModelHead::Create(
            MaskedLanguageModel(), {.input = input, .token_embedding = encoder->token_embedding()})
            .status()
            .message());
  };
  FakeEncoder without(0), wide(8);
  EXPECT_THAT(fault(&wide, FlowType::Vector(4)),
              HasSubstr("takes a sequence, features for each token; the encoder gives vector 4"));
  EXPECT_THAT(fault(&without, without.output()), HasSubstr("has none"));
  EXPECT_THAT(fault(&wide, wide.output()), HasSubstr("of 8 features; the encoder gives 4"));
  const auto unmasked = MaskedLanguageModelHead::Create(
      MaskedLanguageModel(), {.input = FlowType::Sequence(5, 8),
                              .view = FlowType::Tokens(5, 11),
                              .token_embedding = wide.token_embedding()});
  EXPECT_THAT(std::string(unmasked.status().message()), HasSubstr("no token is masked; add views"));
  FlowType masked = FlowType::Tokens(5, 11);
  masked.masked = true;
  EXPECT_TRUE(MaskedLanguageModelHead::Create(MaskedLanguageModel(),
                                              {.input = FlowType::Sequence(5, 8),
                                               .view = masked,
                                               .token_embedding = wide.token_embedding()})
                  .ok());
  MaskedLanguageModel config;
  config.set_epsilon(-1);
  config.set_initial_deviation(0);
  const std::string message(
      MaskedLanguageModelHead::Create(
          config, {.input = without.output(), .token_embedding = without.token_embedding()})
          .status()
          .message());
  EXPECT_THAT(message, HasSubstr("epsilon: "));
  EXPECT_THAT(message, HasSubstr("initial_deviation: "));
}

}  // namespace
}  // namespace pretext
