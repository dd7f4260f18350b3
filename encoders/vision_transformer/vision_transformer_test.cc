#include "encoders/vision_transformer/vision_transformer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "core/autograd/gradient_check.h"
#include "encoders/vision_transformer/vision_transformer.pb.h"

// Values and gradients against PyTorch: tests/masked_autoencoder.

namespace pretext {
namespace {

using testing::HasSubstr;

constexpr int64_t kSamples = 3, kWidth = 8;
const FlowType kImage = FlowType::Image(2, 8, 12);  // 6 patches of 4 × 4

VisionTransformer Small() {
  VisionTransformer config;
  config.set_layers(2);
  config.set_width(kWidth);
  config.set_heads(2);
  config.set_initial_deviation(0.5);
  return config;
}

FlowType Masked(int64_t kept) { return kImage.WithMaskedPatches(4, kept); }

std::unique_ptr<Encoder> Build(const VisionTransformer& config, const FlowType& input = kImage) {
  auto encoder = VisionTransformerEncoder::Create(config, {.input = input});
  EXPECT_TRUE(encoder.ok()) << encoder.status();
  (*encoder)->parameters().Allocate("encoder", 5);
  return *std::move(encoder);
}

Batch MakeBatch(const FlowType& type = kImage) {
  Batch batch;
  batch.samples = kSamples;
  batch.type = type;
  batch.input = RandomTensor(type.Batch(kSamples), 4);
  return batch;
}

// With patches {1, 3, 4, 5}, {0, 1, 2, 4} and {0, 2, 3, 5} masked.
Batch MaskedBatch() {
  Batch batch = MakeBatch(Masked(2));
  batch.masked_positions = Int32s({1, 3, 4, 5, 6, 7, 8, 10, 12, 14, 15, 17});
  return batch;
}

Tensor Encode(Encoder& encoder, const Batch& batch, const ForwardContext& context = {}) {
  Tape tape(/*recording=*/false);
  return encoder.Forward(tape, tape.Constant(batch.input), batch, context).value();
}

TEST(VisionTransformer, AsManyParametersAsTimms) {
  // vit_tiny_patch16_224 and vit_base_patch16_224 without their classifiers.
  VisionTransformer config;
  config.set_patch(16);
  const auto count = [&] {
    const auto made =
        VisionTransformerEncoder::Create(config, {.input = FlowType::Image(3, 224, 224)});
    return (*made)->parameters().count();
  };
  EXPECT_EQ(count(), 5524416);
  config.set_width(768);
  config.set_heads(12);
  EXPECT_EQ(count(), 85798656);
}

TEST(VisionTransformer, GivesASequenceOrAVector) {
  VisionTransformer config = Small();
  EXPECT_EQ(Build(config)->output(), FlowType::Vector(kWidth));
  config.set_pooled(false);
  EXPECT_EQ(Build(config)->output(), FlowType::Sequence(7, kWidth));
  EXPECT_EQ(Build(config, Masked(2))->output(), FlowType::Sequence(3, kWidth));
  config.set_class_token(false);
  config.set_pooling(VisionTransformer::MEAN);
  EXPECT_EQ(Build(config)->output(), FlowType::Sequence(6, kWidth));
}

TEST(VisionTransformer, PooledIsThePoolOfTheSequence) {
  for (const bool token : {true, false}) {
    for (const auto pooling : {VisionTransformer::MEAN, VisionTransformer::CLS}) {
      if (!token && pooling == VisionTransformer::CLS) continue;
      VisionTransformer config = Small();
      config.set_class_token(token);
      config.set_pooling(pooling);
      config.set_pooled(false);
      const Batch batch = MakeBatch();
      const auto sequence = Build(config);
      const Tensor h = Encode(*sequence, batch);
      Tape tape(false);
      const Tensor want = sequence->Pool(tape, tape.Constant(h), batch).value();
      if (pooling == VisionTransformer::MEAN) {  // of the patches alone
        double mean = 0;
        for (int64_t p = 0; p < 6; ++p) mean += h.data()[(p + (token ? 1 : 0)) * kWidth] / 6;
        EXPECT_NEAR(want.data()[0], mean, 1e-5);
      }
      config.set_pooled(true);
      EXPECT_TRUE(AllClose(ToDoubles(Encode(*Build(config), batch)), ToDoubles(want), 1e-5));
    }
  }
}

TEST(VisionTransformer, ReadsTheKeptPatchesAlone) {
  VisionTransformer config = Small();
  config.set_pooled(false);
  const auto encoder = Build(config, Masked(2));
  Batch batch = MaskedBatch();
  const Tensor h = Encode(*encoder, batch);
  ASSERT_EQ(h.shape(), encoder->output().Batch(kSamples));
  const Tensor whole_before = Encode(*encoder, MakeBatch());
  EXPECT_EQ(whole_before.shape(), (Shape{kSamples, 7, kWidth}));  // as in evaluation
  // Pixels of masked patches change nothing, those of a kept one do.
  Batch other = batch;
  other.input = batch.input.Clone();
  other.input.data()[5] = 9;  // row 0, column 5: patch 1 of picture 0
  EXPECT_EQ(ToDoubles(Encode(*encoder, other)), ToDoubles(h));
  other.input.data()[1] = 9;
  EXPECT_NE(ToDoubles(Encode(*encoder, other)), ToDoubles(h));
}

TEST(VisionTransformer, WithNothingMaskedEveryPatchIsRead) {
  VisionTransformer config = Small();
  config.set_pooled(false);
  const auto encoder = Build(config);
  Batch batch = MakeBatch();
  const Tensor all = Encode(*encoder, batch);
  batch.masked_positions = Int32s({});
  EXPECT_EQ(ToDoubles(Encode(*encoder, batch)), ToDoubles(all));
}

TEST(VisionTransformer, TakesPicturesOfOtherSizes) {
  const auto encoder = Build(Small());
  const auto refusal = [](const Encoder& of, const FlowType& input) {
    return std::string(of.Accepts(input).message());
  };
  EXPECT_EQ(refusal(*encoder, FlowType::Image(2, 16, 4)), "");
  EXPECT_THAT(refusal(*encoder, FlowType::Image(2, 16, 6)),
              HasSubstr("takes pictures of any size that its patch, 4, divides"));
  EXPECT_THAT(refusal(*encoder, FlowType::Image(3, 16, 4)), HasSubstr("of as many channels, 2"));
  EXPECT_THAT(refusal(*encoder, FlowType::Vector(3)), HasSubstr("takes pictures"));
  EXPECT_EQ(refusal(*encoder, FlowType::Image(2, 16, 4).WithMaskedPatches(4, 2)), "");
  EXPECT_THAT(refusal(*encoder, FlowType::Image(2, 16, 4).WithMaskedPatches(2, 4)),
              HasSubstr("masked patches of its own size, 4"));
  EXPECT_EQ(Encode(*encoder, MakeBatch(FlowType::Image(2, 16, 4))).shape(),
            (Shape{kSamples, kWidth}));
  VisionTransformer config = Small();
  config.set_pooled(false);  // another number of tokens is another type
  EXPECT_THAT(refusal(*Build(config), FlowType::Image(2, 16, 4)),
              HasSubstr("takes that alone, since its h is a sequence"));
}

TEST(VisionTransformer, DropoutDiffersByStepAndNotByChunk) {
  VisionTransformer config = Small();
  config.set_dropout(0.2);
  config.set_attention_dropout(0.2);
  config.set_drop_path(0.5);
  const auto encoder = Build(config, Masked(2));
  const Batch batch = MaskedBatch();
  ForwardContext context{.training = true};
  const Doubles one = ToDoubles(Encode(*encoder, batch, context));
  EXPECT_EQ(ToDoubles(Encode(*encoder, batch, context)), one);
  context.step = 1;
  EXPECT_NE(ToDoubles(Encode(*encoder, batch, context)), one);
  context.step = 0;
  context.first_row = 2;
  Batch last = batch;
  last.samples = 1;
  last.input = batch.input.Rows(2, 3);
  last.masked_positions = Int32s({0, 2, 3, 5});
  EXPECT_TRUE(AllClose(ToDoubles(Encode(*encoder, last, context)),
                       Doubles(one.begin() + 2 * kWidth, one.end()), 1e-5));
}

TEST(VisionTransformer, DecaysWeightsAndEmbeddingsAlone) {
  VisionTransformer config = Small();
  config.set_layer_scale(0.1);
  const auto encoder = Build(config);
  for (const Parameter& p : encoder->parameters().parameters()) {
    const bool vector = p.shape.rank() == 1;  // timm's rule, and MAE's
    EXPECT_EQ(IsDecayed(p.role), !vector) << p.name;
    if (p.name.ends_with("gamma")) {
      EXPECT_FLOAT_EQ(p.value.data()[0], 0.1f) << p.name;
    }
  }
}

TEST(VisionTransformer, EveryFaultIsNamed) {
  VisionTransformer config;
  config.set_patch(5);
  config.set_layers(0);
  config.set_width(10);
  config.set_heads(3);
  config.set_mlp_ratio(0);
  config.set_class_token(false);
  config.set_positions(VisionTransformer::SIN_COS);
  config.set_layer_scale(-1);
  config.set_drop_path(1);
  config.set_dropout(-1);
  config.set_attention_dropout(std::numeric_limits<float>::quiet_NaN());
  config.set_epsilon(0);
  config.set_initial_deviation(0);
  const auto message = [&](const FlowType& input) {
    return std::string(
        VisionTransformerEncoder::Create(config, {.input = input}).status().message());
  };
  for (const char* fault :
       {"patch: must divide the image, 8×12; it is 5",
        "layers: ", "heads: must divide the width, 10; it is 3", "mlp_ratio: ", "pooling: is CLS",
        "width: must be a multiple of 4", "layer_scale: ", "drop_path: ", "dropout: ",
        "attention_dropout: ", "epsilon: ", "initial_deviation: "}) {
    EXPECT_THAT(message(kImage), HasSubstr(fault));
  }
  EXPECT_THAT(message(FlowType::Tokens(8, 20)), HasSubstr("takes images; it is given tokens"));
  config = Small();
  config.set_patch(2);
  EXPECT_THAT(message(Masked(2)), HasSubstr("patch: is 2, but patches of 4 are masked"));
}

}  // namespace
}  // namespace pretext
