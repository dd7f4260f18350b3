#include "pipelines/train/train_step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "core/autograd/gradient_check.h"
#include "encoders/mlp/mlp.h"
#include "encoders/mlp/mlp.pb.h"
#include "encoders/transformer/transformer.h"
#include "encoders/transformer/transformer.pb.h"
#include "heads/masked_language_model/masked_language_model.h"
#include "heads/masked_language_model/masked_language_model.pb.h"
#include "losses/masked_cross_entropy/masked_cross_entropy.h"
#include "losses/masked_cross_entropy/masked_cross_entropy.pb.h"
#include "losses/nt_xent/nt_xent.h"
#include "losses/nt_xent/nt_xent.pb.h"
#include "losses/sup_con/sup_con.h"

namespace pretext {
namespace {

// z = h.
class PassOn : public Head {
 public:
  FlowType output() const override { return FlowType::Vector(6); }
  Prediction Forward(Tape&, Var h, const Batch&, const ForwardContext&) override {
    return {.value = h};
  }
};

// The gradients of every parameter, one after another.
Doubles AllGradients(std::initializer_list<ParameterSet*> sets) {
  Doubles all;
  for (ParameterSet* set : sets) {
    for (Parameter& p : set->parameters()) {
      const Doubles g = ToDoubles(p.gradient);
      all.insert(all.end(), g.begin(), g.end());
    }
  }
  return all;
}

class TrainStepTest : public testing::Test {
 protected:
  void SetUp() override {
    Mlp config;
    config.add_hidden(10);
    config.set_code(6);
    config.set_activation(TANH);
    config.set_dropout(0.2);
    encoder_ = *MlpEncoder::Create(config, {.input = FlowType::Vector(5)});
    encoder_->parameters().Allocate("encoder", 1);
    loss_ = *NtXentLoss::Create(NtXent(), {.input = FlowType::Vector(6), .views = 2});
    batch_.samples = 9;
    batch_.views = 2;
    batch_.type = FlowType::Vector(5);
    batch_.input = RandomTensor({18, 5}, 3);
  }

  Doubles Gradients(int64_t chunk, Reduction reduction, double* loss = nullptr) {
    TrainStep step(*encoder_, head_, *loss_, chunk);
    encoder_->parameters().ZeroGradients();
    const StepResult result = step.Run(batch_, {.training = true, .seed = 5}, reduction, true);
    EXPECT_EQ(result.weight, 18);
    EXPECT_EQ(result.z.shape(), (Shape{18, 6}));
    EXPECT_EQ(result.h.shape(), (Shape{18, 6}));
    if (loss != nullptr) *loss = result.loss;
    return AllGradients({&encoder_->parameters()});
  }

  std::unique_ptr<Encoder> encoder_;
  PassOn head_;
  std::unique_ptr<Loss> loss_;
  Batch batch_;
};

// Gradient caching is exact: the same loss and gradient as the whole batch, dropout included, for
// chunks that divide the rows and for ragged ones. The sums are taken in another order: 1e-5 of the
// gradient's size.
TEST_F(TrainStepTest, ChunksGiveTheWholeBatchsGradient) {
  double whole_loss = 0;
  const Doubles whole = Gradients(0, Reduction::kMean, &whole_loss);
  for (int64_t chunk : {1, 4, 6, 9, 17, 18, 100}) {
    double loss = 0;
    EXPECT_TRUE(AllClose(Gradients(chunk, Reduction::kMean, &loss), whole, 1e-5)) << chunk;
    EXPECT_NEAR(loss, whole_loss, 1e-6);
  }
}

// The backward pass is linear in the seed, but 18 x is rounded where x is not. From the loss to a
// weight a term passes through sums of 18 similarities, of 6 features for the unit length, of 6
// codes, 10 hidden units and 18 rows, each rounded up to once a term in whatever order the
// libraries choose for the processor: 58 roundings of 2^-24 in either of the two passes, 7e-6 of
// the terms, which are as large as the gradient. Where a weight is forgotten, gradients are off by
// 17/18.
TEST_F(TrainStepTest, ASumIsTheMeanTimesItsWeight) {
  constexpr double kTolerance = 2 * 58 * 0x1p-24;
  Doubles whole = Gradients(0, Reduction::kMean);
  for (double& g : whole) g *= 18;
  EXPECT_TRUE(AllClose(Gradients(0, Reduction::kSum), whole, kTolerance));
  EXPECT_TRUE(AllClose(Gradients(6, Reduction::kSum), whole, kTolerance));
}

// Rows without positives are not in SupCon's mean, and not in its weight.
TEST_F(TrainStepTest, AccumulatedSupConWeighsTheRowsWithPositives) {
  SupConLoss loss(0.3f);
  TrainStep step(*encoder_, head_, loss, 0);
  ParameterSet& parameters = encoder_->parameters();
  const auto batch_of = [](const std::vector<int32_t>& labels, uint64_t number) {
    Batch batch;
    batch.samples = static_cast<int64_t>(labels.size());
    batch.type = FlowType::Vector(5);
    batch.input = RandomTensor({batch.samples, 5}, number);
    batch.labels = Tensor::Uninitialized({batch.samples}, DType::kInt32);
    std::copy(labels.begin(), labels.end(), batch.labels.ints());
    return batch;
  };
  const struct {
    Batch batch;
    double weight;
  } parts[] = {{batch_of({1, 1, 2, 0, 1}, 1), 3},
               {batch_of({0, 1, 2, -1, -1}, 2), 0},
               {batch_of({4, 4}, 3), 2}};
  Doubles expected;
  for (const auto& part : parts) {
    parameters.ZeroGradients();
    EXPECT_EQ(step.Run(part.batch, {}, Reduction::kMean, false).weight, part.weight);
    const Doubles g = AllGradients({&parameters});
    expected.resize(g.size());
    for (size_t i = 0; i < g.size(); ++i) expected[i] += part.weight * g[i];
  }
  parameters.ZeroGradients();
  for (const auto& part : parts) step.Run(part.batch, {}, Reduction::kSum, false);
  EXPECT_TRUE(AllClose(AllGradients({&parameters}), expected, 1e-5));
}

// A masked language model over sequences of 6 tokens of 20.
class MaskedTest : public testing::Test {
 protected:
  void Build(float dropout) {
    const FlowType tokens = FlowType::Tokens(6, 20);
    Transformer config;
    config.set_layers(1);
    config.set_width(8);
    config.set_dropout(dropout);
    config.set_attention_dropout(dropout);
    config.set_initial_deviation(0.5f);
    encoder_ = *TransformerEncoder::Create(config, {.input = tokens});
    encoder_->parameters().Allocate("encoder", 1);
    MaskedLanguageModel head_config;
    head_config.set_initial_deviation(0.5f);
    head_ = *MaskedLanguageModelHead::Create(head_config,
                                             {.input = encoder_->output(),
                                              .sample = tokens,
                                              .token_embedding = encoder_->token_embedding()});
    head_->parameters().Allocate("head", 1);
    loss_ = *MaskedCrossEntropyLoss::Create(MaskedCrossEntropy(), {.input = head_->output()});
  }

  // Samples [first, end) of a text, masked at these places of the whole text.
  static Batch BatchOf(int64_t first, int64_t end, const std::vector<int32_t>& masked) {
    Batch batch;
    batch.samples = end - first;
    batch.type = FlowType::Tokens(6, 20);
    batch.input = Tensor::Uninitialized({batch.samples, 6}, DType::kInt32);
    for (int64_t i = 0; i < batch.input.size(); ++i)
      batch.input.ints()[i] = static_cast<int32_t>((first * 6 + i) * 7 % 20);
    batch.lengths = Tensor::Uninitialized({batch.samples}, DType::kInt32);
    std::fill_n(batch.lengths.ints(), batch.samples, 6);
    const auto count = static_cast<int64_t>(masked.size());
    batch.masked_positions = Tensor::Uninitialized({count}, DType::kInt32);
    batch.masked_ids = Tensor::Uninitialized({count}, DType::kInt32);
    for (int64_t m = 0; m < count; ++m) {
      batch.masked_positions.ints()[m] = masked[m] - static_cast<int32_t>(first * 6);
      batch.masked_ids.ints()[m] = masked[m] * 3 % 20;
    }
    return batch;
  }

  // The mean loss over the masked tokens; the gradients are in the parameters.
  double Run(const std::vector<Batch>& batches, Reduction reduction, int64_t chunk = 0) {
    TrainStep step(*encoder_, *head_, *loss_, chunk);
    encoder_->parameters().ZeroGradients();
    head_->parameters().ZeroGradients();
    double sum = 0, weight = 0;
    for (const Batch& batch : batches) {
      const StepResult result =
          step.Run(batch, {.training = true, .seed = 3}, reduction, /*keep=*/true);
      EXPECT_EQ(result.weight, batch.masked());
      EXPECT_EQ(result.z.shape(), (Shape{batch.masked(), 8}));
      sum += result.weight * result.loss;
      weight += result.weight;
    }
    return sum / weight;
  }
  Doubles Gradients() { return AllGradients({&encoder_->parameters(), &head_->parameters()}); }

  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Head> head_;
  std::unique_ptr<Loss> loss_;
};

// Batches of other numbers of masked tokens, one of none: together the gradient of the one batch
// that holds them all.
TEST_F(MaskedTest, TokensWeighAlikeWhateverTheirBatch) {
  Build(/*dropout=*/0);
  const double whole = Run({BatchOf(0, 4, {2, 3, 5, 10, 20})}, Reduction::kMean);
  Doubles expected = Gradients();
  for (double& g : expected) g *= 5;
  const double parts =
      Run({BatchOf(0, 2, {2, 3, 5, 10}), BatchOf(2, 3, {}), BatchOf(3, 4, {20})}, Reduction::kSum);
  EXPECT_NEAR(parts, whole, 1e-6 * whole);
  EXPECT_TRUE(AllClose(Gradients(), expected, 1e-5));
}

// The decoder's weights are the encoder's table: its gradient comes from the scores of the whole
// batch and from every chunk's tokens. The third sample has no masked token, so that a chunk of it
// alone has nothing to predict.
TEST_F(MaskedTest, ChunksGiveTheWholeBatchsGradient) {
  Build(/*dropout=*/0.2f);
  const Batch batch = BatchOf(0, 5, {2, 3, 5, 10, 20, 25, 29});
  for (const Reduction reduction : {Reduction::kMean, Reduction::kSum}) {
    const double whole = Run({batch}, reduction);
    const Doubles expected = Gradients();
    for (const int64_t chunk : {1, 2, 3, 4, 5}) {
      EXPECT_NEAR(Run({batch}, reduction, chunk), whole, 1e-6 * whole) << chunk;
      EXPECT_TRUE(AllClose(Gradients(), expected, 1e-5)) << chunk;
    }
  }
}

class KeyedEncoder : public Encoder {
 public:
  FlowType output() const override { return FlowType::Vector(5); }
  Var Forward(Tape&, Var x, const Batch&, const ForwardContext& context) override {
    key = context.DropoutKey(3);
    return x;
  }
  RandomKey key;
};
class KeyedHead : public PassOn {
 public:
  Prediction Forward(Tape& tape, Var h, const Batch& batch,
                     const ForwardContext& context) override {
    key = context.DropoutKey(3);
    return PassOn::Forward(tape, h, batch, context);
  }
  RandomKey key;
};

TEST_F(TrainStepTest, EncoderAndHeadDropByStreamsOfTheirOwn) {
  KeyedEncoder encoder;
  KeyedHead head;
  TrainStep(encoder, head, *loss_, 0).Evaluate(batch_, {.seed = 5, .epoch = 2, .step = 9});
  EXPECT_NE(encoder.key.view, head.key.view);
  EXPECT_LT(std::max(encoder.key.view, head.key.view), 1u << 16) << "what a key has room for";
  EXPECT_EQ(head.key.seed, 5);
  EXPECT_EQ(head.key.sample, 9);
}

// Writes down what it is told of each pass.
class Witness : public PassOn {
 public:
  struct Seen {
    int64_t samples, views, context_views, first_row;
    friend bool operator==(const Seen&, const Seen&) = default;
  };
  Prediction Forward(Tape& tape, Var h, const Batch& batch,
                     const ForwardContext& context) override {
    seen.push_back({batch.samples, batch.views, context.views, context.first_row});
    return PassOn::Forward(tape, h, batch, context);
  }
  std::vector<Seen> seen;
};

// The rows of a chunk are no whole views: what asks for a view's rows must not be told of any.
TEST_F(TrainStepTest, AChunkIsABatchOfOneView) {
  Witness head;
  TrainStep step(*encoder_, head, *loss_, 7);
  step.Run(batch_, {.training = true, .views = 2}, Reduction::kMean, false);
  const std::vector<Witness::Seen> pass = {{7, 1, 1, 0}, {7, 1, 1, 7}, {4, 1, 1, 14}};
  std::vector<Witness::Seen> twice = pass;
  twice.insert(twice.end(), pass.begin(), pass.end());
  EXPECT_EQ(head.seen, twice);
  const Batch rows = RowsOf(batch_, 4, 11);
  EXPECT_EQ(rows.views, 1);
  EXPECT_EQ(rows.samples, 7);
}

TEST_F(TrainStepTest, ANonFiniteLossIsNamedAndAddsNoGradient) {
  batch_.input.data()[7] = std::numeric_limits<float>::quiet_NaN();
  for (int64_t chunk : {0, 6}) {
    TrainStep step(*encoder_, head_, *loss_, chunk);
    encoder_->parameters().ZeroGradients();
    const StepResult result = step.Run(batch_, {.training = true}, Reduction::kMean, false);
    EXPECT_NE(result.non_finite, "");
    for (Parameter& p : encoder_->parameters().parameters()) EXPECT_FALSE(p.has_gradient);
  }
}

TEST_F(TrainStepTest, EvaluationAddsNoGradient) {
  TrainStep step(*encoder_, head_, *loss_, 0);
  encoder_->parameters().ZeroGradients();
  EXPECT_GT(step.Evaluate(batch_, {}).loss, 0);
  for (Parameter& p : encoder_->parameters().parameters()) EXPECT_FALSE(p.has_gradient);
}

}  // namespace
}  // namespace pretext
