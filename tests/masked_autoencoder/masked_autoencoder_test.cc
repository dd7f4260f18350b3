// The encoder VisionTransformer alone, and with the head MaeDecoder, the loss MaskedPatchError and
// the optimizer AdamW, against PyTorch (reference.py): features of two sizes of pictures,
// predictions, every gradient, and the weights and losses of 20 steps, from the same weights.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/autograd/autograd.h"
#include "core/ops/basic.h"
#include "core/plugin/forward_pass.h"
#include "core/tensor/memory_pool.h"
#include "encoders/vision_transformer/vision_transformer.h"
#include "encoders/vision_transformer/vision_transformer.pb.h"
#include "heads/mae_decoder/mae_decoder.h"
#include "heads/mae_decoder/mae_decoder.pb.h"
#include "losses/masked_patch_error/masked_patch_error.h"
#include "losses/masked_patch_error/masked_patch_error.pb.h"
#include "optimizers/adam_w/adam_w.h"
#include "optimizers/adam_w/adam_w.pb.h"
#include "pipelines/train/train_step.h"
#include "tests/golden.h"

namespace pretext {
namespace {

// As in reference.py.
constexpr int64_t kSamples = 3, kSteps = 20, kPatches = 16, kKept = 4;

Tensor Pictures(int64_t number, const Shape& shape) {
  Tensor x = Tensor::Uninitialized(shape);
  for (int64_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<float>(ReferenceValue(number, i));
  return x;
}

GoldenTransformerRun Golden(const std::string& variant) {
  static const auto* const file =
      new std::map<std::string, Tensor>(ReadGolden("tests/masked_autoencoder/golden.safetensors"));
  return {*file, variant};
}

VisionTransformer SmallVit(int64_t patch) {
  VisionTransformer config;
  config.set_patch(patch);
  config.set_layers(2);
  config.set_width(16);
  config.set_heads(2);
  config.set_mlp_ratio(2);
  return config;
}

class VitAgainstPyTorch : public testing::TestWithParam<bool> {};

TEST_P(VitAgainstPyTorch, FeaturesOfTwoSizesAndGradients) {
  const bool learned = GetParam();
  VisionTransformer config = SmallVit(4);
  config.set_class_token(learned);
  config.set_pooling(learned ? VisionTransformer::CLS : VisionTransformer::MEAN);
  config.set_positions(learned ? VisionTransformer::LEARNED : VisionTransformer::SIN_COS);
  config.set_layer_scale(learned ? 1 : 0);
  const auto encoder =
      Made(VisionTransformerEncoder::Create(config, {.input = FlowType::Image(2, 8, 12)}));
  encoder->parameters().Allocate("encoder", 1);
  std::map<std::string, Parameter*> by_name;
  for (Parameter& p : encoder->parameters().parameters())
    by_name[p.name.substr(sizeof("encoder"))] = &p;
  FillTransformer(by_name);

  Tape tape;
  const Var x = tape.Leaf(Pictures(1000, {kSamples, 2, 8, 12}));
  const Var other = tape.Constant(Pictures(1001, {kSamples, 2, 16, 8}));
  ASSERT_TRUE(encoder->Accepts(FlowType::Image(2, 16, 8)).ok());
  const ForwardContext context{.training = true};
  const Var parts[] = {encoder->Forward(tape, x, Batch(), context),
                       encoder->Forward(tape, other, Batch(), context)};
  const Var features = Concat(tape, parts);
  const GoldenTransformerRun golden = Golden(learned ? "learned" : "fixed");
  EXPECT_LE(golden.Difference("features", features.value()), golden.Allowed("features"));
  tape.Backward(features, Pictures(1002, features.shape()));
  golden.ExpectGradients(by_name);
  EXPECT_LE(golden.Difference("gradient.x", tape.LeafGradient(x)),
            golden.Allowed("gradient") * RootMeanSquare(golden["gradient.x"]));
}

INSTANTIATE_TEST_SUITE_P(Variants, VitAgainstPyTorch, testing::Bool(), [](const auto& info) {
  return info.param ? "ClassTokenLearnedLayerScale" : "MeanFixed";
});

// The pictures of a step, a quarter of whose patches is kept.
Batch MakeBatch(int64_t step) {
  Batch batch;
  batch.samples = kSamples;
  batch.type = FlowType::Image(3, 8, 8).WithMaskedPatches(2, kKept);
  batch.input = Pictures(2000 + step, {kSamples, 3, 8, 8});
  std::vector<int32_t> masked;
  for (int64_t n = 0; n < kSamples; ++n) {
    for (int64_t i = kKept; i < kPatches; ++i) {
      const int64_t patch = (5 * i + 3 * n + 7 * step) % kPatches;
      masked.push_back(static_cast<int32_t>(n * kPatches + patch));
    }
  }
  std::sort(masked.begin(), masked.end());
  batch.masked_positions =
      Tensor::Uninitialized({static_cast<int64_t>(masked.size())}, DType::kInt32);
  std::copy(masked.begin(), masked.end(), batch.masked_positions.ints());
  return batch;
}

class Model {
 public:
  Model() {
    const FlowType view = MakeBatch(0).type;
    VisionTransformer config = SmallVit(2);
    config.set_positions(VisionTransformer::SIN_COS);
    config.set_pooled(false);
    encoder_ = Made(VisionTransformerEncoder::Create(config, {.input = view}));
    MaeDecoder decoder;
    decoder.set_layers(2);
    decoder.set_width(12);
    decoder.set_heads(2);
    decoder.set_mlp_ratio(2);
    head_ = Made(MaeDecoderHead::Create(decoder, {.input = encoder_->output(), .view = view}));
    loss_ = Made(
        MaskedPatchErrorLoss::Create(MaskedPatchError(), {.input = head_->output(), .view = view}));
    AdamW optimizer;
    optimizer.set_beta2(0.95);
    optimizer.set_epsilon(1e-8);
    optimizer.set_weight_decay(0.05);
    optimizer_ = Made(AdamWOptimizer::Create(optimizer, BuildContext()));
    encoder_->parameters().Allocate("encoder", 1);
    head_->parameters().Allocate("head", 1);
    std::vector<Parameter*> all;
    for (ParameterSet* set : {&encoder_->parameters(), &head_->parameters()}) {
      for (Parameter& p : set->parameters()) by_name_[p.name] = &p;
    }
    FillTransformer(by_name_);
    for (auto& [name, parameter] : by_name_) all.push_back(parameter);
    optimizer_->Attach(all);
  }

  struct Step {
    Var z;
    LossResult loss;
  };
  Step Run(Tape& tape, int64_t step) {
    tape.Reset();
    for (auto& [name, parameter] : by_name_) parameter->has_gradient = false;
    const Batch batch = MakeBatch(step);
    const Prediction z =
        Forward(tape, *encoder_, *head_, batch, ForwardContext{.training = true}).z;
    return {z.value, loss_->Compute(tape, z, batch)};
  }

  void Update(int64_t step) { optimizer_->Step(step + 1, 2e-3, 1); }
  const std::map<std::string, Parameter*>& parameters() const { return by_name_; }

 private:
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Head> head_;
  std::unique_ptr<Loss> loss_;
  std::unique_ptr<Optimizer> optimizer_;
  std::map<std::string, Parameter*> by_name_;
};

TEST(MaskedAutoencoder, PredictionsLossAndGradientsAsPyTorchs) {
  Model model;
  Tape tape;
  const auto [z, loss] = model.Run(tape, 0);
  const GoldenTransformerRun golden = Golden("mae");
  EXPECT_EQ(z.shape(), (Shape{kSamples, kPatches - kKept, 12}));
  EXPECT_EQ(loss.weight, kSamples * (kPatches - kKept));
  EXPECT_LE(golden.Difference("z", z.value()), golden.Allowed("z"));
  golden.ExpectLoss(0, loss.loss.value().item());
  tape.Backward(loss.loss);
  golden.ExpectGradients(model.parameters());
}

// A chunk of a batch, as it goes through the model alone, has the masks of its own rows.
TEST(MaskedAutoencoder, RowsOfABatchKeepTheirMasks) {
  const Batch batch = MakeBatch(3);
  const Batch rows = RowsOf(batch, 1, 3);
  ASSERT_EQ(rows.masked_positions.size(), 2 * (kPatches - kKept));
  for (int64_t m = 0; m < rows.masked_positions.size(); ++m) {
    EXPECT_EQ(rows.masked_positions.ints()[m] + kPatches,
              batch.masked_positions.ints()[kPatches - kKept + m]);
  }
  EXPECT_EQ(rows.masked(), rows.masked_positions.size());
}

TEST(MaskedAutoencoder, TwentyStepsAsPyTorchs) {
  Model model;
  Tape tape;
  const GoldenTransformerRun golden = Golden("mae");
  int64_t warm = 0;
  for (int64_t step = 0; step < kSteps; ++step) {
    if (step == 3) warm = MemoryPool::stats().misses;
    const auto [z, loss] = model.Run(tape, step);
    golden.ExpectLoss(step, loss.loss.value().item());
    tape.Backward(loss.loss);
    model.Update(step);
  }
  EXPECT_EQ(MemoryPool::stats().misses, warm) << "a step in the steady state asked for memory";
  golden.ExpectFinal(model.parameters());
}

}  // namespace
}  // namespace pretext
