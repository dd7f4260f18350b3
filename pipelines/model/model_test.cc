#include "pipelines/model/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "core/autograd/gradient_check.h"
#include "core/layers/linear.h"
#include "core/ops/basic.h"
#include "core/ops/batch_norm.h"
#include "pipelines/model/passes.h"

namespace pretext {
namespace {

// h = BN(W x), whatever the number of rows.
class NormEncoder : public Encoder {
 public:
  NormEncoder()
      : layer_(LinearLayer::Declare(parameters(), "linear", 3, 4)),
        norm_(BatchNormLayer::Declare(parameters(), "norm", 4)) {}
  FlowType output() const override { return FlowType::Vector(4); }
  Var Forward(Tape& tape, Var x, const Batch&, const ForwardContext& context) override {
    contexts.push_back(context);
    return BatchNorm(tape, layer_(tape, x), norm_, context);
  }
  std::vector<ForwardContext> contexts;

 private:
  LinearLayer layer_;
  BatchNormLayer norm_;
};

// z = factor · h.
class Scaled : public Head {
 public:
  explicit Scaled(float factor) : factor_(factor) {}
  FlowType output() const override { return FlowType::Vector(4); }
  Prediction Forward(Tape& tape, Var h, const Batch&, const ForwardContext& context) override {
    part = context.part;
    return {.value = Scale(tape, h, factor_)};
  }
  PassPart part = PassPart::kEncoder;

 private:
  const float factor_;
};

class Counted : public Loss {
 public:
  LossResult Compute(Tape& tape, const Prediction& z, const Batch&) override {
    return {.loss = Sum(tape, z.value)};
  }
  void BeginStep(const RunPosition& position) override { begun = position.step; }
  void AfterStep() override { ++ended; }
  int64_t begun = 0, ended = 0;
};

Model MakeModel(const TeacherOptions& options) {
  Model model;
  model.encoder = std::make_unique<NormEncoder>();
  model.head = std::make_unique<Scaled>(2.0f);
  model.teacher = std::make_unique<MomentumTeacher>(std::make_unique<NormEncoder>(),
                                                    std::make_unique<Scaled>(2.0f), options);
  model.loss = std::make_unique<Counted>();
  model.Allocate(7);
  return model;
}

Batch MakeBatch(int64_t samples, int64_t views, uint64_t number) {
  Batch batch;
  batch.samples = samples;
  batch.views = views;
  batch.type = FlowType::Vector(3);
  batch.input = RandomTensor({samples * views, 3}, number);
  return batch;
}

// All values of a set, the buffers' after the parameters'.
Doubles Values(const ParameterSet& set) {
  Doubles all;
  const auto add = [&](const Tensor& tensor) {
    const Doubles values = ToDoubles(tensor);
    all.insert(all.end(), values.begin(), values.end());
  };
  for (const Parameter& p : set.parameters()) add(p.value);
  for (const Buffer& b : set.buffers()) add(b.value);
  return all;
}
size_t LearntValues(const ParameterSet& set) { return static_cast<size_t>(set.count()); }

void Change(ParameterSet& set, uint64_t number) {
  for (Parameter& p : set.parameters()) {
    const Tensor values = RandomTensor(p.shape, number++);
    std::copy_n(values.data(), values.size(), p.value.data());
  }
  for (Buffer& b : set.buffers()) {
    const Tensor values = RandomTensor(b.shape, number++);
    std::copy_n(values.data(), values.size(), b.value.data());
  }
}

TEST(Teacher, BeginsAsItsStudentAndHoldsNoGradients) {
  Model model = MakeModel({});
  const ParameterSet& teacher = model.teacher->encoder().parameters();
  EXPECT_EQ(Values(teacher), Values(model.encoder->parameters()));
  EXPECT_EQ(teacher.parameters()[0].name, "teacher.encoder.linear.weight");
  for (const Parameter& p : teacher.parameters()) EXPECT_FALSE(p.gradient.defined());
  EXPECT_EQ(model.trained_parameters().size(), 4u);
  EXPECT_EQ(model.parameter_sets().size(), 5u) << "encoder, head, loss, teacher's two";
}

TEST(Teacher, IsKeptWhereItSaysSo) {
  for (const bool kept : {false, true}) {
    const Model model = MakeModel({.kept = kept});
    EXPECT_EQ(&model.kept_encoder(), kept ? &model.teacher->encoder() : model.encoder.get());
  }
}

// Against the formula in double precision: one product and one sum, each rounded once.
TEST(Teacher, FollowsByTheMomentumOfItsStep) {
  for (const bool buffers : {false, true}) {
    Model model = MakeModel({.momentum = {.from = 0.5, .to = 1}, .buffers_follow = buffers});
    const Doubles was = Values(model.teacher->encoder().parameters());
    ParameterSet& student = model.encoder->parameters();
    Change(student, 3);
    const Doubles is = Values(student);
    model.EndStep({.step = 2, .total_steps = 5});
    const Doubles now = Values(model.teacher->encoder().parameters());
    for (size_t i = 0; i < now.size(); ++i) {
      const bool follows = buffers || i < LearntValues(student);
      const double expected = follows ? 0.625 * was[i] + 0.375 * is[i] : was[i];
      EXPECT_TRUE(std::abs(now[i] - expected) <= 2e-7 * (std::abs(was[i]) + std::abs(is[i])))
          << i << ": " << now[i] << ", expected " << expected;
    }
    model.EndStep({.step = 5, .total_steps = 5});
    EXPECT_EQ(Values(model.teacher->encoder().parameters()), now) << "at 1 it stands still";
  }
}

TEST(Teacher, TakesOnceWhichStatisticsAreFrozen) {
  Model model = MakeModel({});
  for (Buffer& b : model.encoder->parameters().buffers()) b.frozen = true;
  model.BeginTeacher();
  for (const Buffer& b : model.teacher->encoder().parameters().buffers()) EXPECT_TRUE(b.frozen);
}

TEST(Teacher, FollowsBeforeTheStepOrAfterIt) {
  for (const bool before : {false, true}) {
    Model model = MakeModel({.momentum = {.from = 0.5, .to = 0.5}, .before_forward = before});
    const Doubles was = Values(model.teacher->encoder().parameters());
    Change(model.encoder->parameters(), 3);
    model.BeginStep({.step = 1, .total_steps = 9});
    EXPECT_EQ(Values(model.teacher->encoder().parameters()) != was, before);
    const Doubles begun = Values(model.teacher->encoder().parameters());
    model.EndStep({.step = 1, .total_steps = 9});
    EXPECT_EQ(Values(model.teacher->encoder().parameters()) != begun, !before);
    EXPECT_EQ(static_cast<const Counted&>(*model.loss).begun, 1);
    EXPECT_EQ(static_cast<const Counted&>(*model.loss).ended, 1);
  }
}

TEST(Passes, TheTargetIsTheTeachersAndItsStatisticsAreItsOwn) {
  for (const bool follow : {false, true}) {
    Model model = MakeModel({.buffers_follow = follow});
    Change(model.teacher->encoder().parameters(), 11);
    for (Buffer& b : model.teacher->encoder().parameters().buffers())
      b.value = Tensor::Full({4}, 1);
    const Doubles before = Values(model.teacher->encoder().parameters());
    const Batch batch = MakeBatch(5, 2, 1);
    Tape tape;
    const WholePass pass = PassWhole(tape, model, batch, {.training = true});
    Tape alone(/*recording=*/false);
    NormEncoder& encoder = static_cast<NormEncoder&>(model.teacher->encoder());
    const Var h =
        encoder.Forward(alone, alone.Constant(batch.input), batch, {.training = true, .views = 2});
    const Var z = Scale(alone, h, 2);
    EXPECT_EQ(ToDoubles(pass.prediction.target.value()), ToDoubles(z.value()));
    EXPECT_FALSE(pass.prediction.target.requires_gradient());
    EXPECT_EQ(Values(model.teacher->encoder().parameters()) == before, follow);
    EXPECT_TRUE(encoder.contexts[0].teacher);
    EXPECT_FALSE(encoder.contexts[0].drops());
  }
}

TEST(Passes, WithAPredictorAloneTheTargetIsZPastWhichNoGradientGoes) {
  Model model = MakeModel({});
  model.teacher = nullptr;
  model.predictor = std::make_unique<Scaled>(3.0f);
  const Batch batch = MakeBatch(5, 2, 1);
  Tape tape;
  const WholePass pass = PassWhole(tape, model, batch, {.training = true});
  const Doubles h = ToDoubles(JoinRows(pass.h)), target = ToDoubles(pass.prediction.target.value()),
                value = ToDoubles(pass.prediction.value.value());
  for (size_t i = 0; i < h.size(); ++i) {
    EXPECT_EQ(target[i], 2 * h[i]);
    EXPECT_EQ(value[i], static_cast<float>(3 * target[i]));
  }
  EXPECT_FALSE(pass.prediction.target.requires_gradient());
  EXPECT_TRUE(pass.prediction.value.requires_gradient());
  EXPECT_EQ(static_cast<const Scaled&>(*model.predictor).part, PassPart::kPredictor);
}

TEST(Passes, GroupsGoThroughOneByOne) {
  Model model = MakeModel({});
  model.groups = {{.name = "global", .first = 0, .views = 2},
                  {.name = "key", .first = 2, .views = 1, .student = false},
                  {.name = "local", .first = 3, .views = 3, .target = false}};
  Batch batch;
  batch.samples = 4;
  batch.views = 6;
  batch.groups = {MakeBatch(4, 2, 1), MakeBatch(4, 1, 2), MakeBatch(4, 3, 3)};
  Tape tape;
  const WholePass pass = PassWhole(tape, model, batch, {.training = true});
  ASSERT_EQ(pass.h.size(), 2u) << "of each group; they are joined where they are looked at";
  EXPECT_EQ(JoinRows(pass.h).shape(), (Shape{20, 4}));
  EXPECT_EQ(pass.prediction.value.shape(), (Shape{20, 4}));
  EXPECT_EQ(pass.prediction.target.shape(), (Shape{12, 4}));
  EXPECT_THAT(pass.prediction.views, testing::ElementsAre(0, 1, 3, 4, 5));
  EXPECT_THAT(pass.prediction.target_views, testing::ElementsAre(0, 1, 2));
  EXPECT_EQ(BatchOfLoss(model, batch).views, 5);
  // Normalised by its group's rows: the mean of each group is 0.
  const Doubles z = ToDoubles(pass.prediction.value.value());
  for (size_t c = 0; c < 4; ++c) {
    double global = 0, local = 0;
    for (size_t r = 0; r < 8; ++r) global += z[r * 4 + c];
    for (size_t r = 8; r < 20; ++r) local += z[r * 4 + c];
    EXPECT_NEAR(global, 0, 1e-5);
    EXPECT_NEAR(local, 0, 1e-5);
  }
  const auto& contexts = static_cast<const NormEncoder&>(*model.encoder).contexts;
  ASSERT_EQ(contexts.size(), 2u);
  EXPECT_EQ(contexts[0].group, 0);
  EXPECT_EQ(contexts[0].views, 2);
  EXPECT_EQ(contexts[1].group, 2);
  EXPECT_EQ(contexts[1].views, 3);
}

}  // namespace
}  // namespace pretext
