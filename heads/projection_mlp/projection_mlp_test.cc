#include "heads/projection_mlp/projection_mlp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/autograd/gradient_check.h"
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

Doubles Linear(const Doubles& x, const Doubles& w, const Doubles& b, size_t out) {
  const size_t in = w.size() / out;
  Doubles y;
  for (size_t r = 0; r < x.size() / in; ++r) {
    for (size_t o = 0; o < out; ++o) {
      double sum = b.empty() ? 0 : b[o];
      for (size_t i = 0; i < in; ++i) sum += x[r * in + i] * w[o * in + i];
      y.push_back(sum);
    }
  }
  return y;
}

Doubles Norm(Doubles x, const Doubles& gamma, const Doubles& beta, bool relu) {
  const size_t columns = gamma.size(), rows = x.size() / columns;
  for (size_t c = 0; c < columns; ++c) {
    double mean = 0, variance = 0;
    for (size_t r = 0; r < rows; ++r) mean += x[r * columns + c] / static_cast<double>(rows);
    for (size_t r = 0; r < rows; ++r) {
      variance += std::pow(x[r * columns + c] - mean, 2) / static_cast<double>(rows);
    }
    for (size_t r = 0; r < rows; ++r) {
      double& v = x[r * columns + c];
      v = (v - mean) / std::sqrt(variance + 1e-5) * gamma[c] + (beta.empty() ? 0 : beta[c]);
      if (relu && v < 0) v = 0;
    }
  }
  return x;
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
    return Linear(Norm(Linear(at[0], at[1], {}, 5), at[2], at[3], true), at[4], at[5], 3);
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
    const Doubles a = Norm(Linear(at[0], at[1], {}, 4), at[2], at[3], true);
    const Doubles b = Norm(Linear(a, at[4], {}, 4), at[5], at[6], true);
    return Norm(Linear(b, at[7], {}, 3), at[8], {}, false);
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
    const Doubles a = Norm(Linear(at[0], at[1], {}, 5), at[2], at[3], true);
    return Norm(Linear(a, at[4], {}, 3), Doubles(3, 1.0), {}, false);
  }));
}

TEST(ProjectionMlp, WithoutNormItIsAnMlp) {
  ProjectionMlp config;
  config.set_hidden(4);
  config.set_output(3);
  config.set_hidden_norm(false);
  auto head = Build(config, 5);
  EXPECT_TRUE(Check(*head, [](const std::vector<Doubles>& at) {
    Doubles a = Linear(at[0], at[1], at[2], 4);
    for (double& v : a) v = std::max(v, 0.0);
    return Linear(a, at[3], at[4], 3);
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
  for (const char* part :
       {"layers: ", "hidden: ", "output: ", "norm_momentum: ", "norm_epsilon: ",
        "output_norm_scale: ", "takes a vector; the encoder gives sequence 8×16"}) {
    EXPECT_THAT(message, HasSubstr(part));
  }
}

}  // namespace
}  // namespace pretext
