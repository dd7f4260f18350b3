// What every loss must do.
#include <cmath>
#include <limits>

#include "core/autograd/gradient_check.h"
#include "core/plugin/loss.h"
#include "tests/conformance/fixture.h"

namespace pretext {
namespace {

using Entry = Registry<Loss>::Entry;

class LossConformance : public testing::TestWithParam<const Entry*> {
 protected:
  void SetUp() override {
    const auto config = ExampleConfig(*GetParam());
    std::vector<FlowType> types = CandidateTypes(*GetParam());
    types.push_back(FlowType::TokenScores(12, 50));
    for (int64_t views : {2, 1}) {
      for (const FlowType& z : types) {
        FlowType sample = z.is(FlowType::Kind::kTokenScores) ? FlowType::Tokens(16, 50) : z;
        FlowType view;
        if (z.is(FlowType::Kind::kSequence) && types[0].masked) view = types[0];
        if (view.masked) sample = view.Whole();
        context_ = {.input = z, .sample = sample, .view = view, .views = views, .labelled = true};
        auto loss = GetParam()->create(*config, context_);
        if (!loss.ok()) continue;
        loss_ = *std::move(loss);
        return;
      }
    }
    FAIL() << "no candidate input fits the example config";
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
    Prediction prediction{.value = z};
    if (context_.input.is(FlowType::Kind::kTokenScores)) {
      prediction.decoder_weight = tape.Use(*decoder_.get());
    }
    if (!context_.view.masked) return loss_->Compute(tape, prediction, batch);
    // z is of the picture's masked patches.
    const Batch pictures = RandomBatch(context_.view, batch.samples, batch.views, 3);
    return loss_->Compute(tape, prediction, pictures);
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
  const Batch batch = RandomZ(5);
  ExpectGradientOfInput(batch.input,
                        [&](Tape& tape, Var z) { return Compute(tape, z, batch).loss; });
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
