#include "heads/projection_mlp/projection_mlp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/autograd/gradient_check.h"
#include "core/layers/layers_reference.h"
#include "heads/projection_mlp/projection_mlp.pb.h"

namespace pretext {
namespace {

using testing::HasSubstr;

std::unique_ptr<Head> Build(const ProjectionMlp& config, int64_t features) {
  auto head = ProjectionMlpHead::Create(config, {.input = FlowType::Vector(features)});
  EXPECT_TRUE(head.ok()) << head.status();
  (*head)->parameters().Allocate("head", 7);
  return *std::move(head);
}

testing::AssertionResult Check(
    Head& head, const std::function<Doubles(const std::vector<Doubles>&)>& reference) {
  std::vector<Parameter*> parameters;
  for (Parameter& p : head.parameters().parameters()) {
    if (p.role != Role::kWeight) p.value = RandomParameter(p.shape, parameters.size() + 5).value;
    parameters.push_back(&p);
  }
  return CheckGradients(
      [&](Tape& tape, const std::vector<Var>& h) {
        return head.Forward(tape, h[0], Batch(), {.training = true}).value;
      },
      {RandomTensor({9, 5}, 1)}, reference, {.parameters = parameters});
}

TEST(ProjectionMlp, DefaultIsThePapers) {
  ProjectionMlp config;
  config.set_output(3);
  auto head = Build(config, 5);
  EXPECT_EQ(head->output(), FlowType::Vector(3));
  EXPECT_TRUE(Check(*head, [](const std::vector<Doubles>& at) {
    const Doubles a =
        ReluReference(BatchNormReference(LinearReference(at[0], 5, at[1]), at[2], at[3]));
    return AddBiasReference(LinearReference(a, 5, at[4]), at[5]);
  }));
}

TEST(ProjectionMlp, NormOnTheOutputHasNoShift) {
  ProjectionMlp config;
  config.set_layers(3);
  config.set_hidden(4);
  config.set_output(3);
  config.set_output_norm(true);
  auto head = Build(config, 5);
  EXPECT_EQ(head->parameters().count(), 4 * 5 + 8 + 4 * 4 + 8 + 3 * 4 + 3);
  EXPECT_TRUE(Check(*head, [](const std::vector<Doubles>& at) {
    const Doubles a =
        ReluReference(BatchNormReference(LinearReference(at[0], 5, at[1]), at[2], at[3]));
    const Doubles b = ReluReference(BatchNormReference(LinearReference(a, 4, at[4]), at[5], at[6]));
    return BatchNormReference(LinearReference(b, 4, at[7]), at[8], Doubles(3));
  }));
}

TEST(ProjectionMlp, NormOnTheOutputCanHaveNothingToLearn) {
  ProjectionMlp config;
  config.set_output(3);
  config.set_output_norm(true);
  config.set_output_norm_scale(false);
  auto head = Build(config, 5);
  EXPECT_EQ(head->parameters().count(), 5 * 5 + 10 + 3 * 5);
  EXPECT_EQ(head->parameters().buffers().back().name, "head.1.norm.running_var");
  EXPECT_TRUE(Check(*head, [](const std::vector<Doubles>& at) {
    const Doubles a =
        ReluReference(BatchNormReference(LinearReference(at[0], 5, at[1]), at[2], at[3]));
    return BatchNormReference(LinearReference(a, 5, at[4]), Doubles(3, 1.0), Doubles(3));
  }));
}

TEST(ProjectionMlp, WithoutNormItIsAnMlp) {
  ProjectionMlp config;
  config.set_hidden(4);
  config.set_output(3);
  config.set_hidden_norm(false);
  auto head = Build(config, 5);
  EXPECT_TRUE(Check(*head, [](const std::vector<Doubles>& at) {
    const Doubles a = ReluReference(AddBiasReference(LinearReference(at[0], 5, at[1]), at[2]));
    return AddBiasReference(LinearReference(a, 4, at[3]), at[4]);
  }));
}

TEST(ProjectionMlp, EvaluationDoesNotDependOnTheBatch) {
  auto head = Build(ProjectionMlp(), 5);
  const Tensor h = RandomTensor({6, 5}, 1);
  const auto run = [&](const Tensor& rows, bool training) {
    Tape tape(false);
    return ToDoubles(
        head->Forward(tape, tape.Constant(rows), Batch(), {.training = training}).value.value());
  };
  const Doubles all = run(h, false), first = run(h.Rows(0, 2), false);
  EXPECT_TRUE(AllClose(first, Doubles(all.begin(), all.begin() + 256), 1e-5));
  EXPECT_FALSE(AllClose(run(h, true), all, 1e-2));
}

TEST(ProjectionMlp, EveryFaultIsNamed) {
  ProjectionMlp config;
  config.set_layers(0);
  config.set_hidden(-1);
  config.set_output(0);
  config.set_norm_momentum(2);
  config.set_norm_epsilon(0);
  config.set_output_norm_scale(false);
  const auto head = ProjectionMlpHead::Create(config, {.input = FlowType::Sequence(8, 16)});
  const std::string message(head.status().message());
  for (const char* part : {"layers: ", "hidden: ", "output: ", "norm_momentum: ", "norm_epsilon: ",
                           "output_norm_scale: ", "takes a vector; it is given sequence 8×16"}) {
    EXPECT_THAT(message, HasSubstr(part));
  }
}

}  // namespace
}  // namespace pretext
