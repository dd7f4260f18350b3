// The encoder Transformer, the head MaskedLanguageModel, the loss MaskedCrossEntropy and the
// optimizer AdamW together against PyTorch (reference.py): scores, loss, every gradient, and the
// weights and losses of 20 steps, from the same weights.

#include "heads/masked_language_model/masked_language_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/autograd/autograd.h"
#include "core/tensor/memory_pool.h"
#include "encoders/transformer/transformer.h"
#include "encoders/transformer/transformer.pb.h"
#include "heads/masked_language_model/masked_language_model.pb.h"
#include "kernels/gemm/gemm.h"
#include "losses/masked_cross_entropy/masked_cross_entropy.h"
#include "losses/masked_cross_entropy/masked_cross_entropy.pb.h"
#include "optimizers/adam_w/adam_w.h"
#include "optimizers/adam_w/adam_w.pb.h"
#include "tests/golden.h"

namespace pretext {
namespace {

// As in reference.py.
constexpr int64_t kVocabulary = 40, kLength = 12, kWidth = 16, kSamples = 3, kSteps = 20;
constexpr int32_t kMask = 4, kLengths[kSamples] = {12, 7, 10};

Batch MakeBatch(int64_t step) {
  Batch batch;
  batch.samples = kSamples;
  batch.type = FlowType::Tokens(kLength, kVocabulary);
  for (Tensor* t : {&batch.input, &batch.segments})
    *t = Tensor::Zeros({kSamples, kLength}, DType::kInt32);
  batch.lengths = Tensor::Zeros({kSamples}, DType::kInt32);
  std::vector<int32_t> positions, ids;
  for (int64_t n = 0; n < kSamples; ++n) {
    batch.lengths.ints()[n] = kLengths[n];
    for (int64_t l = 0; l < kLength; ++l) {
      const int64_t at = n * kLength + l;
      batch.segments.ints()[at] = l >= 6;
      if (l >= kLengths[n]) continue;
      const auto id = static_cast<int32_t>(5 + (n * 31 + l * 17 + step * 13 + l * l * step) %
                                                   (kVocabulary - 5));
      const bool masked = (l + n + step) % 6 == 1;
      batch.input.ints()[at] = masked ? kMask : id;
      if (!masked) continue;
      positions.push_back(static_cast<int32_t>(at));
      ids.push_back(id);
    }
  }
  const auto count = static_cast<int64_t>(ids.size());
  batch.masked_positions = Tensor::Zeros({count}, DType::kInt32);
  batch.masked_ids = Tensor::Zeros({count}, DType::kInt32);
  std::copy(positions.begin(), positions.end(), batch.masked_positions.ints());
  std::copy(ids.begin(), ids.end(), batch.masked_ids.ints());
  return batch;
}

// The model of one of the reference's two variants.
class Model {
 public:
  explicit Model(bool pre_norm) {
    Transformer config;
    config.set_layers(2);
    config.set_width(kWidth);
    config.set_heads(2);
    config.set_feed_forward(32);
    config.set_normalization(pre_norm ? Transformer::PRE : Transformer::POST);
    config.set_activation(pre_norm ? GELU_TANH : GELU);
    config.set_dropout(0);
    config.set_attention_dropout(0);
    encoder_ =
        Made(TransformerEncoder::Create(config, {.input = FlowType::Tokens(kLength, kVocabulary)}));
    MaskedLanguageModel head;
    head.set_activation(config.activation());
    head_ = Made(MaskedLanguageModelHead::Create(
        head, {.input = encoder_->output(), .token_embedding = encoder_->token_embedding()}));
    loss_ = Made(MaskedCrossEntropyLoss::Create(MaskedCrossEntropy(), {.input = head_->output()}));
    AdamW optimizer;
    optimizer.set_epsilon(1e-6);
    optimizer.set_weight_decay(0.05);
    optimizer_ = Made(AdamWOptimizer::Create(optimizer, BuildContext()));
    encoder_->parameters().Allocate("encoder", 1);
    head_->parameters().Allocate("head", 1);
    for (ParameterSet* set : {&encoder_->parameters(), &head_->parameters()}) {
      for (Parameter& p : set->parameters()) by_name_[p.name] = &p;
    }
    FillTransformer(by_name_);
    std::vector<Parameter*> all;
    for (auto& [name, parameter] : by_name_) all.push_back(parameter);
    optimizer_->Attach(all);
  }

  struct Forward {
    Prediction prediction;
    Var loss;
  };
  // masked_only: the last layer at the masked positions, or at all.
  Forward Run(Tape& tape, int64_t step, bool masked_only) {
    tape.Reset();
    for (auto& [name, parameter] : by_name_) parameter->has_gradient = false;
    Batch batch = MakeBatch(step);
    if (masked_only) batch.read_rows = batch.masked_positions;
    const ForwardContext context{.training = true};
    const Var h = encoder_->Forward(tape, tape.Constant(batch.input), batch, context);
    const Prediction prediction = head_->Forward(tape, h, batch, context);
    return {prediction, loss_->Compute(tape, prediction, batch).loss};
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

class AgainstPyTorch : public testing::TestWithParam<std::tuple<bool, bool>> {
 protected:
  static void SetUpTestSuite() {
    golden_ = ReadGolden("tests/masked_language_model/golden.safetensors");
  }
  static void TearDownTestSuite() { golden_.clear(); }

  bool pre_norm() const { return std::get<0>(GetParam()); }
  bool masked_only() const { return std::get<1>(GetParam()); }
  GoldenTransformerRun Golden() const { return {golden_, pre_norm() ? "pre" : "post"}; }

  static std::map<std::string, Tensor> golden_;
};
std::map<std::string, Tensor> AgainstPyTorch::golden_;

TEST_P(AgainstPyTorch, ScoresLossAndGradients) {
  const GoldenTransformerRun golden = Golden();
  Model model(pre_norm());
  Tape tape;
  const Model::Forward forward = model.Run(tape, 0, masked_only());
  const Tensor t = forward.prediction.value.value();
  Tensor scores = Tensor::Uninitialized({t.dim(0), kVocabulary});
  Gemm(Transpose::kNo, Transpose::kYes, t.dim(0), kVocabulary, kWidth, 1, t.data(), kWidth,
       forward.prediction.decoder_weight.value().data(), kWidth, 0, scores.data(), kVocabulary);
  for (int64_t i = 0; i < scores.size(); ++i) {
    scores.data()[i] += forward.prediction.decoder_bias.value().data()[i % kVocabulary];
  }
  EXPECT_LE(golden.Difference("logits", scores), golden.Allowed("logits"));
  golden.ExpectLoss(0, forward.loss.value().item());
  tape.Backward(forward.loss);
  golden.ExpectGradients(model.parameters());
}

TEST_P(AgainstPyTorch, TwentySteps) {
  const GoldenTransformerRun golden = Golden();
  Model model(pre_norm());
  Tape tape;
  int64_t warm = 0;
  for (int64_t step = 0; step < kSteps; ++step) {
    // As many tokens are masked in each of six steps, and in the next six.
    if (step == 6) warm = MemoryPool::stats().misses;
    const Model::Forward forward = model.Run(tape, step, masked_only());
    golden.ExpectLoss(step, forward.loss.value().item());
    tape.Backward(forward.loss);
    model.Update(step);
  }
  EXPECT_EQ(MemoryPool::stats().misses, warm) << "a step in the steady state asked for memory";
  golden.ExpectFinal(model.parameters());
}

INSTANTIATE_TEST_SUITE_P(Variants, AgainstPyTorch,
                         testing::Combine(testing::Bool(), testing::Bool()), [](const auto& info) {
                           return std::string(std::get<0>(info.param) ? "PreNorm" : "PostNorm") +
                                  (std::get<1>(info.param) ? "MaskedOnly" : "AllTokens");
                         });

}  // namespace
}  // namespace pretext
