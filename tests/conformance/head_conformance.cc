// What every head must do.
#include "core/autograd/gradient_check.h"
#include "core/plugin/head.h"
#include "tests/conformance/fixture.h"

namespace pretext {
namespace {

using Entry = Registry<Head>::Entry;

class HeadConformance : public testing::TestWithParam<const Entry*> {
 protected:
  void SetUp() override {
    const auto config = ExampleConfig(*GetParam());
    for (const FlowType& h : CandidateTypes(*GetParam())) {
      for (const FlowType& sample : CandidateTypes(*GetParam())) {
        context_ = {.input = h,
                    .sample = sample.Whole(),
                    .view = sample.masked ? sample : FlowType(),
                    .views = 2,
                    .token_embedding = embedding_.get()};
        auto head = GetParam()->create(*config, context_);
        if (!head.ok()) continue;
        head_ = *std::move(head);
        head_->parameters().Allocate("head", 3);
        return;
      }
    }
    FAIL() << "no candidate input fits the example config";
  }

  Batch RandomH(int64_t samples, int64_t views) const {
    Batch batch = RandomBatch(context_.input, samples, views, 1);
    if (context_.view.masked) {  // what is masked are the picture's patches
      batch.type = context_.view;
      batch.masked_positions = RandomBatch(context_.view, samples, views, 1).masked_positions;
      batch.masked_ids = Tensor();
    }
    return batch;
  }
  Var Forward(Tape& tape, Var h, const Batch& batch, bool training) {
    return head_->Forward(tape, h, batch, {.training = training, .views = batch.views}).value;
  }

  TokenEmbedding embedding_{50, 12};
  BuildContext context_;
  std::unique_ptr<Head> head_;
};

TEST_P(HeadConformance, KeepsItsDeclaredShapeAtEveryBatchSize) {
  for (int64_t samples : {1, 3, 5}) {
    const Batch batch = RandomH(samples, 1);
    Tape tape;
    const Var z = Forward(tape, tape.Constant(batch.input), batch, false);
    const FlowType output = head_->output();
    const int64_t rows = output.is(FlowType::Kind::kTokenScores) ? batch.masked() : samples;
    EXPECT_EQ(z.shape(), output.Batch(rows));
    EXPECT_EQ(FirstNonFinite(z.value()), -1);
  }
}

TEST_P(HeadConformance, GradientsAreRight) {
  const Batch batch = RandomH(4, 2);
  const auto forward = [&](Tape& tape, Var h) { return Forward(tape, h, batch, true); };
  ExpectGradientOfInput(batch.input, forward);
  // A decoder's bias reaches the loss, not z: it is checked with the loss that takes it.
  Tape tape;
  const Prediction z = head_->Forward(tape, tape.Constant(batch.input), batch,
                                      {.training = true, .views = batch.views});
  if (!z.decoder_weight.defined()) {
    ExpectGradientsOfParameters(head_->parameters(),
                                [&](Tape& t) { return forward(t, t.Constant(batch.input)); });
  }
}

TEST_P(HeadConformance, FrozenIsLeftAlone) {
  const Batch batch = RandomH(4, 2);
  ExpectFrozenIsLeftAlone(head_->parameters(), [&](Tape& tape) {
    return Forward(tape, tape.Constant(batch.input), batch, true);
  });
}

TEST_P(HeadConformance, IsDeterministic) {
  const Batch batch = RandomH(5, 1);
  ExpectDeterministic(
      [&](Tape& tape) { return Forward(tape, tape.Constant(batch.input), batch, false); });
}

TEST_P(HeadConformance, BadFieldsAreNamed) {
  ExpectBadFieldsAreNamed(*GetParam(), [&](const google::protobuf::Message& config) {
    return GetParam()->create(config, context_).status();
  });
}

TEST_P(HeadConformance, AnUnknownInputIsNoCrash) {
  GetParam()->create(*ExampleConfig(*GetParam()), BuildContext()).status().IgnoreError();
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(HeadConformance);
INSTANTIATE_TEST_SUITE_P(Plugins, HeadConformance, testing::ValuesIn(Registry<Head>::Entries()),
                         [](const auto& info) { return TestName(*info.param); });

}  // namespace
}  // namespace pretext
