// What every encoder must do.
#include <gmock/gmock.h>

#include "core/autograd/gradient_check.h"
#include "core/plugin/encoder.h"
#include "core/tensor/safetensors.h"
#include "tests/conformance/fixture.h"

namespace pretext {
namespace {

using Entry = Registry<Encoder>::Entry;

class EncoderConformance : public testing::TestWithParam<const Entry*> {
 protected:
  // Built from the example with the first input type that fits, allocated.
  void SetUp() override {
    const auto config = ExampleConfig(*GetParam());
    for (const FlowType& type : CandidateTypes(*GetParam())) {
      auto encoder = GetParam()->create(*config, {.input = type, .sample = type, .views = 2});
      if (!encoder.ok()) continue;
      type_ = type;
      encoder_ = *std::move(encoder);
      encoder_->parameters().Allocate("encoder", 3);
      return;
    }
    FAIL() << "no candidate input fits the example config";
  }

  Var Forward(Tape& tape, Var x, const Batch& batch, bool training) {
    return encoder_->Forward(tape, x, batch, {.training = training, .views = batch.views});
  }

  FlowType type_;
  std::unique_ptr<Encoder> encoder_;
};

TEST_P(EncoderConformance, KeepsItsDeclaredShapeAtEveryBatchSize) {
  for (int64_t samples : {1, 3, 5}) {
    const Batch batch = RandomBatch(type_, samples, 1, 1);
    for (bool training : {false, true}) {
      if (training && samples == 1) continue;  // a batch's statistics need more than one value
      Tape tape;
      const Var h = Forward(tape, tape.Constant(batch.input), batch, training);
      EXPECT_EQ(h.shape(), encoder_->output().Batch(samples));
      EXPECT_EQ(FirstNonFinite(h.value()), -1);
      const Var pooled = encoder_->Pool(tape, h, batch);
      EXPECT_EQ(pooled.shape(), (Shape{samples, encoder_->features()}));
    }
  }
}

TEST_P(EncoderConformance, GradientsAreRight) {
  const Batch batch = RandomBatch(type_, 4, 2, 2);
  ExpectGradientsOfParameters(encoder_->parameters(), [&](Tape& tape) {
    return Forward(tape, tape.Constant(batch.input), batch, true);
  });
  if (batch.input.dtype() != DType::kFloat32) return;
  ExpectGradientOfInput(batch.input,
                        [&](Tape& tape, Var x) { return Forward(tape, x, batch, true); });
}

// Blocks that are computed again on the way back: the same bits in either precision, with running
// statistics that were updated once.
TEST_P(EncoderConformance, CheckpointedItIsTheSame) {
  if (!encoder_->has_checkpoints()) return;
  const Batch batch = RandomBatch(type_, 4, 2, 6);
  const auto step = [&](bool checkpointing, Precision precision) {
    encoder_->parameters().ZeroGradients();
    for (Buffer& b : encoder_->parameters().buffers()) b.value.Zero();
    Tape tape;
    const PrecisionScope scope(tape, precision);
    const Var h = encoder_->Forward(
        tape, tape.Constant(batch.input), batch,
        {.training = true, .gradient_checkpointing = checkpointing, .views = 2, .seed = 5});
    std::vector<Doubles> results = {ToDoubles(h.value())};
    tape.Backward(h, RandomTensor(h.shape(), 7));
    for (const Parameter& p : encoder_->parameters().parameters())
      results.push_back(p.has_gradient ? ToDoubles(p.gradient) : Doubles());
    for (const Buffer& b : encoder_->parameters().buffers()) results.push_back(ToDoubles(b.value));
    return results;
  };
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16})
    EXPECT_TRUE(step(true, precision) == step(false, precision));
}

// What says that it drops nothing gives the same whatever is drawn.
TEST_P(EncoderConformance, DropsOnlyWhereItSaysSo) {
  if (encoder_->drops()) return;
  const Batch batch = RandomBatch(type_, 4, 2, 6);
  const auto values = [&](uint64_t seed) {
    Tape tape(false);
    const Var h = encoder_->Forward(tape, tape.Constant(batch.input), batch,
                                    {.training = true, .views = 2, .seed = seed});
    return ToDoubles(h.value());
  };
  EXPECT_TRUE(values(5) == values(6));
}

TEST_P(EncoderConformance, FrozenIsLeftAlone) {
  const Batch batch = RandomBatch(type_, 4, 2, 2);
  ExpectFrozenIsLeftAlone(encoder_->parameters(), [&](Tape& tape) {
    return Forward(tape, tape.Constant(batch.input), batch, true);
  });
}

TEST_P(EncoderConformance, IsDeterministic) {
  const Batch batch = RandomBatch(type_, 5, 1, 3);
  ExpectDeterministic(
      [&](Tape& tape) { return Forward(tape, tape.Constant(batch.input), batch, false); });
}

TEST_P(EncoderConformance, EvaluationTreatsEveryRowAlone) {
  const Batch batch = RandomBatch(type_, 4, 1, 4);
  Tape tape(false);
  const Tensor all = Forward(tape, tape.Constant(batch.input), batch, false).value().Plain();
  Batch one = batch;
  one.samples = 1;
  one.input = batch.input.Rows(2, 3);
  if (batch.lengths.defined()) one.lengths = batch.lengths.Rows(2, 3);
  const Tensor alone = Forward(tape, tape.Constant(one.input), one, false).value().Plain();
  EXPECT_TRUE(AllClose(ToDoubles(alone), ToDoubles(all.Rows(2, 3)), 1e-4));
}

TEST_P(EncoderConformance, SavedAndLoadedItIsTheSame) {
  const Batch batch = RandomBatch(type_, 4, 1, 5);
  const auto run = [&] {
    Tape tape(false);
    return ToDoubles(Forward(tape, tape.Constant(batch.input), batch, false).value());
  };
  {
    Tape tape;  // moves running statistics away from where they start
    Forward(tape, tape.Constant(batch.input), batch, true);
  }
  const Doubles before = run();
  TensorFile saved;
  for (Parameter& p : encoder_->parameters().parameters())
    saved.tensors.push_back({p.name, p.value});
  for (Buffer& b : encoder_->parameters().buffers()) saved.tensors.push_back({b.name, b.value});
  const auto loaded = ParseTensors("saved", SerializeTensors(saved));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  for (NamedTensor& named : saved.tensors) {
    named.tensor.Zero();
    for (const NamedTensor& other : loaded->tensors) {
      if (other.name != named.name) continue;
      const Tensor same = other.tensor.InLayout(named.tensor.layout());
      std::copy_n(same.data(), same.bytes() / sizeof(float), named.tensor.data());
    }
  }
  EXPECT_EQ(run(), before);
}

// Pictures with masked patches are read as such, or refused by what they are.
TEST_P(EncoderConformance, ReadsMaskedPatchesOrRefusesThem) {
  if (!type_.is(FlowType::Kind::kImage)) return;
  const FlowType masked = type_.WithMaskedPatches(4, 3);
  auto made = GetParam()->create(*ExampleConfig(*GetParam()),
                                 {.input = masked, .sample = type_, .view = masked, .views = 2});
  if (!made.ok()) {
    EXPECT_THAT(std::string(made.status().message()), testing::HasSubstr("patches masked"));
    return;
  }
  encoder_ = *std::move(made);
  encoder_->parameters().Allocate("encoder", 3);
  const Batch batch = RandomBatch(masked, 5, 2, 2);
  const auto forward = [&](Tape& tape, Var x) { return Forward(tape, x, batch, true); };
  {
    Tape tape;
    const Var h = forward(tape, tape.Constant(batch.input));
    EXPECT_EQ(h.shape(), encoder_->output().Batch(10));
    EXPECT_EQ(encoder_->Pool(tape, h, batch).shape(), (Shape{10, encoder_->features()}));
  }
  const Function of_batch = [&](Tape& tape) { return forward(tape, tape.Constant(batch.input)); };
  ExpectGradientsOfParameters(encoder_->parameters(), of_batch);
  ExpectDeterministic(of_batch);
  Tape tape(false);
  const Batch plain = RandomBatch(type_, 2, 1, 2);  // as in evaluation
  EXPECT_EQ(FirstNonFinite(Forward(tape, tape.Constant(plain.input), plain, false).value()), -1);
}

// Views of another size, where the encoder takes them, come out as the others do.
TEST_P(EncoderConformance, GivesTheSameTypeForEverySizeThatItAccepts) {
  FlowType other = type_;
  other.height /= 2;
  if (!other.is(FlowType::Kind::kImage) || !encoder_->Accepts(other).ok()) return;
  const Batch batch = RandomBatch(other, 4, 2, 2);
  const Function of_batch = [&](Tape& tape) {
    return Forward(tape, tape.Constant(batch.input), batch, true);
  };
  Tape tape(false);
  EXPECT_EQ(of_batch(tape).shape(), encoder_->output().Batch(8));
  ExpectGradientsOfParameters(encoder_->parameters(), of_batch);
}

TEST_P(EncoderConformance, BadFieldsAreNamed) {
  ExpectBadFieldsAreNamed(*GetParam(), [&](const google::protobuf::Message& config) {
    return GetParam()->create(config, {.input = type_, .sample = type_, .views = 2}).status();
  });
}

TEST_P(EncoderConformance, AnUnknownInputIsNoCrash) {
  GetParam()->create(*ExampleConfig(*GetParam()), BuildContext()).status().IgnoreError();
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EncoderConformance);
INSTANTIATE_TEST_SUITE_P(Plugins, EncoderConformance,
                         testing::ValuesIn(Registry<Encoder>::Entries()),
                         [](const auto& info) { return TestName(*info.param); });

}  // namespace
}  // namespace pretext
