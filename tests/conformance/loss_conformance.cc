// What every loss must do.
#include <omp.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/autograd/gradient_check.h"
#include "core/plugin/loss.h"
#include "pipelines/model/passes.h"
#include "pipelines/train/block_loss.h"
#include "processes/block_group.h"
#include "processes/testing.h"
#include "tests/conformance/fixture.h"

namespace pretext {
namespace {

using Entry = Registry<Loss>::Entry;

class LossConformance : public testing::TestWithParam<const Entry*> {
 protected:
  void SetUp() override {
    std::vector<FlowType> types = CandidateTypes(*GetParam());
    types.push_back(FlowType::TokenScores(12, 50));
    for (const bool with_target : {false, true}) {
      for (int64_t views : {2, 1}) {
        for (const FlowType& z : types) {
          FlowType sample = z.is(FlowType::Kind::kTokenScores) ? FlowType::Tokens(16, 50) : z;
          FlowType view;
          if (z.is(FlowType::Kind::kSequence) && types[0].masked) view = types[0];
          if (view.masked) sample = view.Whole();
          context_ = {.input = z, .sample = sample, .view = view, .views = views, .labelled = true};
          if (with_target) context_.target = z;
          loss_ = Create();
          if (loss_ != nullptr) return;
        }
      }
    }
    FAIL() << "no candidate input fits the example config";
  }

  // Null where the context does not fit.
  std::unique_ptr<Loss> Create() const {
    auto loss = GetParam()->create(*ExampleConfig(*GetParam()), context_);
    if (!loss.ok()) return nullptr;
    (*loss)->parameters().Allocate("loss", 1);
    return *std::move(loss);
  }

  Batch RandomZ(int64_t samples) const {
    Batch batch = RandomBatch(context_.sample, samples, context_.views, 1);
    if (context_.view.masked) {
      batch.input = RandomTensor(context_.input.Batch(batch.rows()), 1);
    } else if (context_.input.is(FlowType::Kind::kTokenScores)) {
      batch.input = RandomTensor({batch.masked(), 12}, 1);
    } else {
      batch.input = RandomTensor(batch.input.shape(), 1);
    }
    return batch;
  }

  LossResult Compute(Tape& tape, Var z, const Batch& batch) {
    return Compute(*loss_, tape, z, batch);
  }

  LossResult Compute(Loss& loss, Tape& tape, Var z, const Batch& batch) {
    Prediction prediction{.value = z};
    if (!context_.target.is(FlowType::Kind::kNothing)) {
      prediction.target = tape.Constant(RandomTensor(batch.input.shape(), 2));
    }
    if (context_.input.is(FlowType::Kind::kTokenScores)) {
      prediction.decoder_weight = tape.Use(*decoder_.get());
    }
    if (!context_.view.masked) return loss.Compute(tape, prediction, batch);
    // z is of the picture's masked patches.
    const Batch pictures = RandomBatch(context_.view, batch.samples, batch.views, 3);
    return loss.Compute(tape, prediction, pictures);
  }

  // A step of training, with nothing learnt.
  void Step(Loss& loss, int64_t step) {
    Batch batch = RandomZ(5);
    batch.input = RandomTensor(batch.input.shape(), static_cast<uint64_t>(10 + step));
    loss.BeginStep({.step = step, .total_steps = 9, .steps_per_epoch = 3, .seed = 1});
    Tape tape;
    tape.Backward(Compute(loss, tape, tape.Leaf(batch.input), batch).loss);
    loss.AfterStep();
  }

  static std::vector<Tensor*> Remembered(Loss& loss) {
    std::vector<Tensor*> tensors;
    for (Parameter& p : loss.parameters().parameters()) tensors.push_back(&p.value);
    for (Buffer& b : loss.parameters().buffers()) tensors.push_back(&b.value);
    return tensors;
  }

  static std::vector<Doubles> ValuesOf(Loss& loss) {
    std::vector<Doubles> values;
    for (const Tensor* tensor : Remembered(loss)) values.push_back(ToDoubles(*tensor));
    return values;
  }

  TokenEmbedding decoder_{50, 12};
  BuildContext context_;
  std::unique_ptr<Loss> loss_;
};

TEST_P(LossConformance, IsAFiniteScalarAtEveryBatchSize) {
  for (int64_t samples : {1, 2, 7}) {
    const Batch batch = RandomZ(samples);
    Tape tape;
    const LossResult result = Compute(tape, tape.Constant(batch.input), batch);
    EXPECT_EQ(result.loss.shape(), Shape());
    EXPECT_TRUE(std::isfinite(result.loss.value().item())) << samples;
    EXPECT_TRUE(result.weight > 0);
    for (const auto& [name, value] : result.metrics) EXPECT_TRUE(std::isfinite(value)) << name;
  }
}

TEST_P(LossConformance, GradientIsRight) {
  if (loss_->stops_gradient()) GTEST_SKIP() << "held against PyTorch in its own test";
  const Batch batch = RandomZ(5);
  ExpectGradientOfInput(batch.input,
                        [&](Tape& tape, Var z) { return Compute(tape, z, batch).loss; });
}

TEST_P(LossConformance, GradientsOfParametersAreRight) {
  if (loss_->stops_gradient()) GTEST_SKIP() << "held against PyTorch in its own test";
  const Batch batch = RandomZ(5);
  ExpectGradientsOfParameters(loss_->parameters(), [&](Tape& tape) {
    return Compute(tape, tape.Constant(batch.input), batch).loss;
  });
}

TEST_P(LossConformance, AnEvaluationLeavesNoTrace) {
  Step(*loss_, 1);
  const std::vector<Doubles> before = ValuesOf(*loss_);
  const Batch batch = RandomZ(5);
  Tape tape(/*recording=*/false);
  Compute(tape, tape.Constant(batch.input), batch);
  EXPECT_EQ(ValuesOf(*loss_), before);
  // What a step puts by is the step's alone.
  const std::unique_ptr<Loss> other = Create();
  Step(*other, 1);
  Step(*other, 2);
  Step(*loss_, 2);
  EXPECT_EQ(ValuesOf(*loss_), ValuesOf(*other));
}

TEST_P(LossConformance, WhatItRemembersIsAllInItsBuffers) {
  for (int64_t step : {1, 2, 3}) Step(*loss_, step);
  const std::unique_ptr<Loss> resumed = Create();
  const std::vector<Tensor*> from = Remembered(*loss_), to = Remembered(*resumed);
  for (size_t i = 0; i < from.size(); ++i) *to[i] = from[i]->Clone();
  const Batch batch = RandomZ(4);
  Doubles losses[2];
  for (int i = 0; Loss * loss : {loss_.get(), resumed.get()}) {
    Step(*loss, 4);
    Tape tape(/*recording=*/false);
    losses[i++] = ToDoubles(Compute(*loss, tape, tape.Constant(batch.input), batch).loss.value());
  }
  EXPECT_EQ(losses[0], losses[1]);
  EXPECT_EQ(ValuesOf(*loss_), ValuesOf(*resumed));
}

TEST_P(LossConformance, ScalesItsGradientWithItsSeed) {
  const Batch batch = RandomZ(4);
  Doubles gradients[2];
  for (int i = 0; i < 2; ++i) {
    Tape tape;
    const Var z = tape.Leaf(batch.input.Clone());
    const Var loss = Compute(tape, z, batch).loss;
    tape.Backward(loss, Tensor::Full(loss.shape(), i == 0 ? 1.0f : 2.5f));
    gradients[i] = ToDoubles(tape.LeafGradient(z));
  }
  for (double& g : gradients[0]) g *= 2.5;
  EXPECT_TRUE(AllClose(gradients[1], gradients[0], 1e-5));
}

TEST_P(LossConformance, IsDeterministic) {
  const Batch batch = RandomZ(6);
  ExpectDeterministic(
      [&](Tape& tape) { return Compute(tape, tape.Constant(batch.input), batch).loss; });
}

// The row of a batch that row `row` of its block is.
int64_t FirstRow(int64_t row, int64_t count, int64_t samples, int64_t first) {
  return row / count * samples + first + row % count;
}

// Rows [first, first + count) of each view, and what belongs to them.
Batch BlockOf(const Batch& batch, int64_t first, int64_t count) {
  Batch block;
  block.samples = count;
  block.views = batch.views;
  block.type = batch.type;
  block.labels = batch.labels.Rows(first, first + count);
  if (batch.clean.defined()) block.clean = batch.clean.Rows(first, first + count);
  return block;
}

// Of rows of a batch, view-major, those of a block.
Tensor BlockOf(const Tensor& rows, const Batch& batch, int64_t first, int64_t count) {
  std::vector<Tensor> views;
  for (int64_t v = 0; v < batch.views; ++v) {
    views.push_back(rows.Rows(v * batch.samples + first, v * batch.samples + first + count));
  }
  return JoinRows(views);
}

// A batch, and what its blocks are compared with.
struct WholeBatch {
  Batch batch;
  Tensor target;  // undefined without
  double loss, weight;
  Tensor gradient;
};

// What a block says of the whole batch, and the gradient of its own rows.
struct OfBlock {
  StepResult result;
  Tensor gradient;
};

// A place among the blocks of a batch.
struct BlockPlace {
  int64_t first, count, samples;

  BlockPlace(const BlockMember& member, int64_t samples)
      : first(FirstSample(samples, member.index(), member.count())),
        count(FirstSample(samples, member.index() + 1, member.count()) - first),
        samples(samples) {}
};

// By the loss of all rows, of which the block is given its share.
OfBlock JudgedTogether(const WholeBatch& whole, const BlockPlace& place, BlockLoss& loss) {
  const auto own = [&](const Tensor& rows) {
    return BlockOf(rows, whole.batch, place.first, place.count);
  };
  const LossOfValues judged =
      loss.Judge({.value = own(whole.batch.input),
                  .target = whole.target.defined() ? own(whole.target) : Tensor(),
                  .decoder_weight = {},
                  .decoder_bias = {},
                  .batch = BlockOf(whole.batch, place.first, place.count)},
                 Reduction::kMean);
  return {judged.result, judged.value};
}

// The masked patches of pictures, as those of the block's rows.
void TakeMasked(const Batch& pictures, const FlowType& view, const BlockPlace& place,
                Batch& block) {
  block.type = pictures.type;
  block.input = BlockOf(pictures.input, pictures, place.first, place.count);
  block.masked_positions = RandomBatch(view, place.count, pictures.views, 3).masked_positions;
  const int64_t patches = view.tokens;
  const int64_t masked = pictures.masked_positions.size() / pictures.rows();
  for (int64_t i = 0; i < block.masked_positions.size(); ++i) {
    const int64_t row = i / masked, of = FirstRow(row, place.count, place.samples, place.first);
    block.masked_positions.ints()[i] = static_cast<int32_t>(
        pictures.masked_positions.ints()[of * masked + i % masked] - of * patches + row * patches);
  }
}

// By a loss of the block's own samples: the gradient of a sum, over the weight of all.
OfBlock JudgedApart(const WholeBatch& whole, const BlockPlace& place, const FlowType& view,
                    Loss& of_block, BlockLoss& loss) {
  const auto own = [&](const Tensor& rows) {
    return BlockOf(rows, whole.batch, place.first, place.count);
  };
  Batch block = BlockOf(whole.batch, place.first, place.count);
  block.input = own(whole.batch.input);
  Prediction prediction;
  Tape tape;
  prediction.value = tape.Leaf(block.input);
  if (whole.target.defined()) prediction.target = tape.Constant(own(whole.target));
  if (view.masked)
    TakeMasked(RandomBatch(view, place.samples, whole.batch.views, 3), view, place, block);
  const LossResult part = of_block.Compute(tape, prediction, block);
  tape.Backward(part.loss);
  OfBlock judged;
  judged.result.loss = part.loss.value().item();
  judged.result.weight = part.weight;
  judged.result = loss.MeanOf(judged.result);
  judged.gradient = tape.LeafGradient(prediction.value).Clone();
  const auto share = static_cast<float>(part.weight / judged.result.weight);
  for (int64_t i = 0; i < judged.gradient.size(); ++i) judged.gradient.data()[i] *= share;
  return judged;
}

// Of a loss that is shared out: by one process, the bits of which those of several have.
class BitsOfOne {
 public:
  explicit BitsOfOne(size_t blocks) : of_(blocks) {}
  void Compare(int processes, size_t block, const OfBlock& judged) {
    if (processes == 1) {
      of_[block] = {judged.result, judged.gradient.Clone()};
      return;
    }
    EXPECT_EQ(judged.result.loss, of_[block].result.loss) << processes << " processes";
    EXPECT_EQ(
        std::memcmp(judged.gradient.data(), of_[block].gradient.data(), judged.gradient.bytes()), 0)
        << processes << " processes";
  }

 private:
  std::vector<OfBlock> of_;
};

// That a block has the loss of the batch, and of its gradient its own rows.
void ExpectOfWhole(const WholeBatch& whole, const BlockPlace& place, const OfBlock& judged,
                   double tolerance, int processes) {
  EXPECT_NEAR(judged.result.loss, whole.loss, tolerance * (1 + std::abs(judged.result.loss)))
      << processes << " processes";
  EXPECT_NEAR(judged.result.weight, whole.weight, tolerance * whole.weight);
  const Tensor own = BlockOf(whole.gradient, whole.batch, place.first, place.count);
  EXPECT_TRUE(AllClose(ToDoubles(judged.gradient), ToDoubles(own), tolerance))
      << processes << " processes";
}

// Blocks of a batch, by any number of processes, have the loss and the gradient of the batch: the
// same bits where the loss is of all rows, the same mean where it says that it is one of samples.
TEST_P(LossConformance, IsTheSameOfABatchInBlocks) {
  constexpr int kBlocks = 4;
  const bool by_sample = loss_->by_sample();
  const bool shared_out = !by_sample && loss_->of_blocks() != nullptr;
  EXPECT_TRUE(!by_sample || loss_->parameters().buffers().empty()) << "it has no memory";
  if (context_.input.is(FlowType::Kind::kTokenScores)) {
    // The blocks of masked tokens are those of tests/processes.
    ASSERT_TRUE(by_sample);
    return;
  }
  // Sums of some dozens of terms of order 1, in another order.
  const double tolerance = by_sample || shared_out ? 1e-5 : 0;
  const auto begun = [&] {
    std::unique_ptr<Loss> loss = Create();
    loss->BeginStep({.step = 1, .total_steps = 9, .steps_per_epoch = 3, .seed = 1});
    return loss;
  };
  // A block's loss is computed on one thread, and products of the libraries depend on how many.
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  for (const int64_t samples : {8, 7, 5}) {
    const Batch batch = RandomZ(samples);
    const std::unique_ptr<Loss> alone = begun();
    Tape tape;
    const Var z = tape.Leaf(batch.input.Clone());
    const LossResult result = Compute(*alone, tape, z, batch);
    tape.Backward(result.loss);
    const bool targeted = !context_.target.is(FlowType::Kind::kNothing);
    const WholeBatch whole{.batch = batch,
                           .target = targeted ? RandomTensor(batch.input.shape(), 2) : Tensor(),
                           .loss = result.loss.value().item(),
                           .weight = result.weight,
                           .gradient = tape.LeafGradient(z)};
    BitsOfOne bits(kBlocks);
    for (const int k : {1, 2, 3, 4}) {
      AsProcesses(k, [&](Processes& processes) {
        BlockGroup group(processes, kBlocks, 2);
        Model model;
        model.loss = begun();
        SharedLoss shared;
        const absl::Status status = group.Run([&](BlockMember& member) {
          BlockLoss loss(model, shared);
          loss.Begin(member, samples);
          const BlockPlace place(member, samples);
          const OfBlock judged = by_sample
                                     ? JudgedApart(whole, place, context_.view, *begun(), loss)
                                     : JudgedTogether(whole, place, loss);
          if (shared_out) bits.Compare(k, static_cast<size_t>(member.index()), judged);
          ExpectOfWhole(whole, place, judged, tolerance, k);
          return absl::OkStatus();
        });
        EXPECT_TRUE(status.ok()) << status;
      });
    }
  }
  omp_set_num_threads(threads);
}

TEST_P(LossConformance, ANonFinitePredictionGivesANonFiniteLoss) {
  Batch batch = RandomZ(4);
  batch.input.data()[3] = std::numeric_limits<float>::quiet_NaN();
  Tape tape;
  EXPECT_FALSE(std::isfinite(Compute(tape, tape.Constant(batch.input), batch).loss.value().item()));
}

TEST_P(LossConformance, BadFieldsAreNamed) {
  ExpectBadFieldsAreNamed(*GetParam(), [&](const google::protobuf::Message& config) {
    return GetParam()->create(config, context_).status();
  });
}

TEST_P(LossConformance, AnUnknownInputIsNoCrash) {
  GetParam()->create(*ExampleConfig(*GetParam()), BuildContext()).status().IgnoreError();
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LossConformance);
INSTANTIATE_TEST_SUITE_P(Plugins, LossConformance, testing::ValuesIn(Registry<Loss>::Entries()),
                         [](const auto& info) { return TestName(*info.param); });

}  // namespace
}  // namespace pretext
