#include "encoders/transformer/transformer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/autograd/gradient_check.h"
#include "encoders/transformer/transformer.pb.h"

// Values and gradients against PyTorch: tests/masked_language_model.

namespace pretext {
namespace {

using testing::HasSubstr;

constexpr int64_t kSamples = 3, kLength = 6, kVocabulary = 20, kWidth = 8;
const BuildContext kContext{.input = FlowType::Tokens(kLength, kVocabulary)};

Transformer Small() {
  Transformer config;
  config.set_width(kWidth);
  config.set_initial_deviation(0.5);
  return config;
}

std::unique_ptr<Encoder> Build(const Transformer& config) {
  auto encoder = TransformerEncoder::Create(config, kContext);
  EXPECT_TRUE(encoder.ok()) << encoder.status();
  (*encoder)->parameters().Allocate("encoder", 5);
  return *std::move(encoder);
}

Batch MakeBatch() {
  Batch batch;
  batch.samples = kSamples;
  batch.type = kContext.input;
  batch.input = Tensor::Zeros({kSamples, kLength}, DType::kInt32);
  for (int64_t i = 0; i < kSamples * kLength; ++i)
    batch.input.ints()[i] = static_cast<int32_t>(i * 7 % kVocabulary);
  batch.lengths = Int32s({kLength, kLength - 2, kLength - 4});
  batch.masked_positions = Int32s({1, 7, 12});
  return batch;
}

Tensor Encode(Encoder& encoder, const Batch& batch, const ForwardContext& context = {}) {
  Tape tape(/*recording=*/false);
  return encoder.Forward(tape, tape.Constant(batch.input), batch, context).value();
}

TEST(Transformer, GivesASequence) {
  const auto encoder = Build(Small());
  EXPECT_EQ(encoder->output(), FlowType::Sequence(kLength, kWidth));
  EXPECT_EQ(encoder->features(), kWidth);
  EXPECT_EQ(Encode(*encoder, MakeBatch()).shape(), (Shape{kSamples, kLength, kWidth}));
  EXPECT_EQ(encoder->token_embedding()->shape, (Shape{kVocabulary, kWidth}));
}

TEST(Transformer, ParametersAndTheirInitialValues) {
  Transformer config = Small();
  config.set_initial_deviation(0.02);
  config.set_layers(3);
  const auto encoder = Build(config);
  const int64_t d = kWidth,
                layer = 12 * d * d + 9 * d + 4 * d;  // 4 D² + 8 D², biases 9 D, norms 4 D
  EXPECT_EQ(encoder->parameters().count(), (kVocabulary + kLength + 2) * d + 2 * d + 3 * layer);
  for (const Parameter& p : encoder->parameters().parameters()) {
    const Doubles values = ToDoubles(p.value);
    const double largest = *std::max_element(values.begin(), values.end());
    EXPECT_LE(largest, p.role == Role::kNormScale ? 1 : 0.04) << p.name;
    if (IsDecayed(p.role)) {
      EXPECT_GT(largest, 0.02) << p.name;
    }
  }
}

TEST(Transformer, PaddingDoesNotMatter) {
  for (const auto pooling : {Transformer::MEAN, Transformer::CLS}) {
    for (const auto normalization : {Transformer::POST, Transformer::PRE}) {
      Transformer config = Small();
      config.set_pooling(pooling);
      config.set_normalization(normalization);
      const auto encoder = Build(config);
      Batch batch = MakeBatch();
      const Tensor before = Encode(*encoder, batch);
      for (int64_t n = 0; n < kSamples; ++n) {
        for (int64_t l = batch.lengths.ints()[n]; l < kLength; ++l)
          batch.input.ints()[n * kLength + l] = 3;
      }
      const Tensor after = Encode(*encoder, batch);
      for (int64_t n = 0; n < kSamples; ++n) {
        for (int64_t i = 0; i < batch.lengths.ints()[n] * kWidth; ++i) {
          ASSERT_EQ(after.data()[n * kLength * kWidth + i],
                    before.data()[n * kLength * kWidth + i]);
        }
      }
      Tape tape(false);
      EXPECT_EQ(ToDoubles(encoder->Pool(tape, tape.Constant(before), batch).value()),
                ToDoubles(encoder->Pool(tape, tape.Constant(after), batch).value()));
    }
  }
}

TEST(Transformer, PooledIsThePoolOfTheSequence) {
  for (const auto pooling : {Transformer::MEAN, Transformer::CLS}) {
    for (const auto normalization : {Transformer::POST, Transformer::PRE}) {
      Transformer config = Small();
      config.set_pooling(pooling);
      config.set_normalization(normalization);
      const Batch batch = MakeBatch();
      const auto sequence = Build(config);
      Tape tape(false);
      const Tensor want =
          sequence->Pool(tape, tape.Constant(Encode(*sequence, batch)), batch).value();
      config.set_pooled(true);
      const auto pooled = Build(config);
      EXPECT_EQ(pooled->output(), FlowType::Vector(kWidth));
      // The last layer's products have other shapes when only the first tokens are computed.
      EXPECT_TRUE(AllClose(ToDoubles(Encode(*pooled, batch)), ToDoubles(want), 1e-5));
    }
  }
}

TEST(Transformer, GivesTheRowsThatAreReadWithDropoutToo) {
  for (const auto normalization : {Transformer::POST, Transformer::PRE}) {
    Transformer config = Small();
    config.set_normalization(normalization);
    const auto encoder = Build(config);
    Batch batch = MakeBatch();
    ForwardContext context{.training = true};
    context.step = 9;
    const Tensor all = Encode(*encoder, batch, context);
    batch.read_rows = batch.masked_positions;
    const Tensor masked = Encode(*encoder, batch, context);
    ASSERT_EQ(masked.shape(), (Shape{3, kWidth}));
    Doubles want;
    for (int64_t m = 0; m < 3; ++m) {
      const float* row = all.data() + batch.masked_positions.ints()[m] * kWidth;
      want.insert(want.end(), row, row + kWidth);
    }
    EXPECT_TRUE(AllClose(ToDoubles(masked), want, 1e-5));
  }
}

TEST(Transformer, DropoutDiffersByStepAndLayerAndNotByChunk) {
  const auto encoder = Build(Small());
  Batch batch = MakeBatch();
  ForwardContext context{.training = true};
  const Doubles one = ToDoubles(Encode(*encoder, batch, context));
  EXPECT_EQ(ToDoubles(Encode(*encoder, batch, context)), one);
  context.step = 1;
  EXPECT_NE(ToDoubles(Encode(*encoder, batch, context)), one);
  // The last sample alone, as a chunk of the batch.
  context.step = 0;
  context.first_row = 2;
  Batch last;
  last.samples = 1;
  last.input = batch.input.Rows(2, 3);
  last.lengths = batch.lengths.Rows(2, 3);
  const Doubles want(one.begin() + 2 * kLength * kWidth,
                     one.begin() + (2 * kLength + 2) * kWidth);  // two tokens
  Doubles got = ToDoubles(Encode(*encoder, last, context));
  got.resize(want.size());
  EXPECT_TRUE(AllClose(got, want, 1e-5));
}

TEST(Transformer, TokensAreSeenWhereTheyStand) {
  // Swapping two tokens changes more than their rows' order: positions are embedded.
  const auto encoder = Build(Small());
  Batch batch = MakeBatch();
  batch.lengths = Tensor();
  const Tensor before = Encode(*encoder, batch);
  std::swap(batch.input.ints()[0], batch.input.ints()[1]);
  const Tensor after = Encode(*encoder, batch);
  double difference = 0;
  for (int64_t c = 0; c < kWidth; ++c)
    difference += std::abs(after.data()[c] - before.data()[kWidth + c]);
  EXPECT_GT(difference, 0.1);
}

TEST(Transformer, EveryFaultIsNamed) {
  Transformer config;
  config.set_layers(0);
  config.set_width(10);
  config.set_heads(3);
  config.set_feed_forward(0);
  config.set_segments(-1);
  config.set_epsilon(0);
  config.set_dropout(1);
  config.set_attention_dropout(std::numeric_limits<float>::quiet_NaN());
  config.set_initial_deviation(-1);
  config.set_vocabulary(19);
  config.set_positions(5);
  const std::string message(TransformerEncoder::Create(config, kContext).status().message());
  for (const char* fault :
       {"layers: ", "heads: must divide the width, 10; it is 3", "feed_forward: ", "segments: ",
        "epsilon: ", "dropout: ", "attention_dropout: ", "initial_deviation: ",
        "vocabulary: is 19, but the tokenizer has 20 tokens: ids beyond it could not be embedded; "
        "set at least 20",
        "positions: is 5, but sequences have 6 tokens"}) {
    EXPECT_THAT(message, HasSubstr(fault));
  }
  EXPECT_THAT(std::string(TransformerEncoder::Create(Small(), {.input = FlowType::Image(1, 28, 28)})
                              .status()
                              .message()),
              HasSubstr("takes tokens; it is given image 1×28×28"));
}

TEST(Transformer, RoomForMoreTokensThanTheTokenizerHas) {
  Transformer config = Small();
  config.set_vocabulary(64);
  config.set_positions(32);
  EXPECT_EQ(Build(config)->token_embedding()->shape, (Shape{64, kWidth}));
}

}  // namespace
}  // namespace pretext
