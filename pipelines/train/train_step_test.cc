#include "pipelines/train/train_step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "core/autograd/gradient_check.h"
#include "core/ops/basic.h"
#include "core/plugin/forward_pass.h"
#include "encoders/mlp/mlp.h"
#include "encoders/mlp/mlp.pb.h"
#include "encoders/transformer/transformer.h"
#include "encoders/transformer/transformer.pb.h"
#include "heads/linear/linear.h"
#include "heads/linear/linear.pb.h"
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
    model_.encoder = *MlpEncoder::Create(config, {.input = FlowType::Vector(5)});
    model_.encoder->parameters().Allocate("encoder", 1);
    model_.head = std::make_unique<PassOn>();
    model_.loss = *NtXentLoss::Create(NtXent(), {.input = FlowType::Vector(6), .views = 2});
    batch_.samples = 9;
    batch_.views = 2;
    batch_.type = FlowType::Vector(5);
    batch_.input = RandomTensor({18, 5}, 3);
  }

  Doubles Gradients(int64_t chunk, Reduction reduction, double* loss = nullptr) {
    TrainStep step(model_, chunk);
    model_.encoder->parameters().ZeroGradients();
    const StepResult result = step.Run(batch_, {.training = true, .seed = 5}, reduction, true);
    EXPECT_EQ(result.weight, 18);
    EXPECT_EQ(result.z.shape(), (Shape{18, 6}));
    EXPECT_EQ(result.h.shape(), (Shape{18, 6}));
    if (loss != nullptr) *loss = result.loss;
    return AllGradients({&model_.encoder->parameters()});
  }

  Model model_;
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
  model_.loss = std::make_unique<SupConLoss>(0.3f);
  TrainStep step(model_, 0);
  ParameterSet& parameters = model_.encoder->parameters();
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
    model_.encoder = *TransformerEncoder::Create(config, {.input = tokens});
    model_.encoder->parameters().Allocate("encoder", 1);
    MaskedLanguageModel head_config;
    head_config.set_initial_deviation(0.5f);
    model_.head = *MaskedLanguageModelHead::Create(
        head_config, {.input = model_.encoder->output(),
                      .sample = tokens,
                      .token_embedding = model_.encoder->token_embedding()});
    model_.head->parameters().Allocate("head", 1);
    model_.loss =
        *MaskedCrossEntropyLoss::Create(MaskedCrossEntropy(), {.input = model_.head->output()});
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
    TrainStep step(model_, chunk);
    model_.encoder->parameters().ZeroGradients();
    model_.head->parameters().ZeroGradients();
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
  Doubles Gradients() {
    return AllGradients({&model_.encoder->parameters(), &model_.head->parameters()});
  }

  Model model_;
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

// (value - target)² by (views of the student) × (views of the teacher), the same view left out.
class NearTarget : public Loss {
 public:
  LossResult Compute(Tape& tape, const Prediction& z, const Batch& batch) override {
    const int64_t n = batch.samples;
    std::vector<Var> terms;
    for (size_t v = 0; v < z.views.size(); ++v) {
      for (size_t t = 0; t < z.target_views.size(); ++t) {
        if (z.views[v] == z.target_views[t]) continue;
        const auto rows = [&](Var all, size_t view) {
          const auto first = static_cast<int64_t>(view) * n;
          return Slice(tape, all, first, first + n);
        };
        terms.push_back(Reshape(
            tape, SumOfSquares(tape, Subtract(tape, rows(z.value, v), rows(z.target, t))), {1}));
      }
    }
    return {.loss = Mean(tape, Concat(tape, terms)), .weight = static_cast<double>(n)};
  }
};

// A student with a predictor, with and without a teacher, over views in groups: chunks of any size
// give the whole batch's loss and gradient. Sums in another order: 1e-5 of the gradient's size.
TEST(TrainStepRoles, ChunksGiveTheWholeBatchsGradient) {
  for (const bool taught : {false, true}) {
    const auto encoder = [] {
      Mlp config;
      config.add_hidden(10);
      config.set_code(6);
      config.set_activation(TANH);
      config.set_dropout(0.2);
      return *MlpEncoder::Create(config, {.input = FlowType::Vector(5)});
    };
    const auto head = [](int64_t features) {
      LinearHead config;
      config.set_output(features);
      return *LinearHeadPlugin::Create(config, {.input = FlowType::Vector(6)});
    };
    Model model;
    model.encoder = encoder();
    model.head = head(6);
    model.predictor = head(6);
    if (taught)
      model.teacher = std::make_unique<MomentumTeacher>(encoder(), head(6), TeacherOptions());
    model.loss = std::make_unique<NearTarget>();
    model.groups = {{.name = "global", .first = 0, .views = 2},
                    {.name = "local", .first = 2, .views = 1, .target = false}};
    model.Allocate(1);
    Batch batch;
    batch.samples = 7;
    batch.views = 3;
    batch.groups.resize(2);
    for (size_t g = 0; g < 2; ++g) {
      Batch& group = batch.groups[g];
      group.samples = 7;
      group.views = g == 0 ? 2 : 1;
      group.type = FlowType::Vector(5);
      group.input = RandomTensor({group.rows(), 5}, 3 + g);
    }
    const auto run = [&](int64_t chunk, double* loss) {
      TrainStep step(model, chunk);
      model.BeginStep({});
      *loss = step.Run(batch, {.training = true, .seed = 5}, Reduction::kMean, true).loss;
      return AllGradients({&model.encoder->parameters(), &model.head->parameters(),
                           &model.predictor->parameters()});
    };
    double whole_loss = 0, loss = 0;
    const Doubles whole = run(0, &whole_loss);
    EXPECT_GT(whole_loss, 0);
    for (const int64_t chunk : {1, 3, 5, 7, 10, 14, 100}) {
      EXPECT_TRUE(AllClose(run(chunk, &loss), whole, 1e-5)) << chunk;
      EXPECT_NEAR(loss, whole_loss, 1e-6 * whole_loss) << chunk;
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
  ForwardContext context{.seed = 5, .epoch = 2, .step = 9};
  Tape values(/*recording=*/false);
  Forward(values, encoder, head, batch_, context);
  EXPECT_NE(encoder.key.view, head.key.view);
  EXPECT_LT(std::max(encoder.key.view, head.key.view), 1u << 16) << "what a key has room for";
  EXPECT_EQ(head.key.seed, 5);
  EXPECT_EQ(head.key.sample, 9);
  const RandomKey own = encoder.key;
  std::set<uint64_t> samples = {own.sample};
  for (const bool teacher : {false, true}) {
    for (const uint32_t group : {0, 1, 63}) {
      context.teacher = teacher;
      context.group = group;
      Forward(values, encoder, head, batch_, context);
      EXPECT_LT(encoder.key.sample, uint64_t{1} << 48) << "what a key has room for";
      samples.insert(encoder.key.sample);
    }
  }
  EXPECT_EQ(samples.size(), 6u) << "a stream for each";
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

// Notes what precision a prediction is said to be in.
class AskingForPrecision : public Loss {
 public:
  explicit AskingForPrecision(std::set<Precision>& seen) : seen_(seen) {}
  LossResult Compute(Tape& tape, const Prediction& z, const Batch&) override {
    seen_.insert(z.precision);
    return {.loss = SumOfSquares(tape, z.value)};
  }

 private:
  std::set<Precision>& seen_;
};

TEST_F(TrainStepTest, ALossIsToldThePrecisionOfThePass) {
  std::set<Precision> seen;
  model_.loss = std::make_unique<AskingForPrecision>(seen);
  for (int64_t chunk : {0, 4}) {
    for (Precision precision : {Precision::kFloat32, Precision::kBfloat16}) {
      seen.clear();
      TrainStep(model_, chunk)
          .Run(batch_, {.training = true, .precision = precision}, Reduction::kMean, false);
      EXPECT_EQ(seen, std::set<Precision>{precision}) << chunk;
    }
  }
}

// The rows of a chunk are no whole views: what asks for a view's rows must not be told of any.
TEST_F(TrainStepTest, AChunkIsABatchOfOneView) {
  auto own = std::make_unique<Witness>();
  Witness& head = *own;
  model_.head = std::move(own);
  TrainStep step(model_, 7);
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
    TrainStep step(model_, chunk);
    model_.encoder->parameters().ZeroGradients();
    const StepResult result = step.Run(batch_, {.training = true}, Reduction::kMean, false);
    EXPECT_NE(result.non_finite, "");
    for (Parameter& p : model_.encoder->parameters().parameters()) EXPECT_FALSE(p.has_gradient);
  }
}

}  // namespace
}  // namespace pretext
