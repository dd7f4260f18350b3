#include "losses/testing/steps.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "losses/testing/golden.h"

namespace pretext {
namespace {

using testing::AssertionFailure;
using testing::AssertionResult;
using testing::HasSubstr;

Doubles ReadNumbers(std::istream& line) {
  Doubles numbers;
  for (double number; line >> number;) numbers.push_back(number);
  return numbers;
}

void SetState(Loss& loss, const Doubles& state) {
  size_t at = 0;
  const auto fill = [&](Tensor& value) {
    ASSERT_LE(at + value.size(), state.size());
    for (int64_t i = 0; i < value.size(); ++i) {
      value.data()[i] = static_cast<float>(state[at++]);
    }
  };
  for (Parameter& p : loss.parameters().parameters()) fill(p.value);
  for (Buffer& b : loss.parameters().buffers()) fill(b.value);
  EXPECT_EQ(at, state.size()) << "another state than the script's";
}

Doubles Joined(Loss& loss, bool gradients) {
  Doubles all;
  const auto add = [&all](const Tensor& part) {
    const Doubles values = ToDoubles(part);
    all.insert(all.end(), values.begin(), values.end());
  };
  for (Parameter& p : loss.parameters().parameters()) add(gradients ? p.gradient : p.value);
  if (gradients) return all;
  for (Buffer& b : loss.parameters().buffers()) add(b.value);
  return all;
}

AssertionResult Compare(const char* what, const Doubles& actual, const Doubles& expected,
                        double tolerance, const GoldenSteps& golden, size_t step) {
  const AssertionResult close = AllClose(actual, expected, tolerance);
  if (close) return close;
  return AssertionFailure() << golden.config << ", step " << step + 1 << ", " << what << ": "
                            << close.message();
}

}  // namespace

BuildContext GoldenSteps::Context() const {
  BuildContext context{.input = FlowType::Vector(features),
                       .views = static_cast<int64_t>(views.size()),
                       .value_views = views,
                       .target_views = target_views};
  if (has_target) context.target = FlowType::Vector(features);
  return context;
}

std::vector<GoldenSteps> ReadGoldenSteps(const std::string& path) {
  std::ifstream file(path);
  std::vector<GoldenSteps> runs;
  for (std::string text; std::getline(file, text);) {
    const size_t space = text.find(' ');
    const std::string key = text.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : text.substr(space + 1);
    if (key == "config") {
      runs.push_back({.config = rest});
      continue;
    }
    if (runs.empty()) break;
    GoldenSteps& run = runs.back();
    std::istringstream stream(rest);
    const Doubles numbers = ReadNumbers(stream);
    const auto whole = [&numbers] { return std::vector<int64_t>(numbers.begin(), numbers.end()); };
    if (key == "sizes") {
      run.samples = whole().at(0);
      run.features = whole().at(1);
      run.has_target = whole().at(2) != 0;
      run.rate = numbers.at(3);
    } else if (key == "views") {
      run.views = whole();
    } else if (key == "target_views") {
      run.target_views = whole();
    } else if (key == "start") {
      run.state = numbers;
    } else if (key == "loss") {
      run.steps.push_back({.loss = numbers.at(0)});
    } else if (key == "gradient") {
      run.steps.back().gradient = numbers;
    } else if (key == "parameters") {
      run.steps.back().parameter_gradients = numbers;
    } else if (key == "state") {
      run.steps.back().state = numbers;
    } else {
      ADD_FAILURE() << path << ": " << key;
    }
  }
  EXPECT_FALSE(runs.empty()) << path;
  return runs;
}

AssertionResult AgreesWithSteps(Loss& loss, const GoldenSteps& golden, double tolerance) {
  loss.parameters().Allocate("loss", 1);
  SetState(loss, golden.state);
  const auto views = static_cast<int64_t>(golden.views.size());
  const auto targets = static_cast<int64_t>(golden.target_views.size());
  Batch batch{.samples = golden.samples, .views = views};
  batch.type = FlowType::Vector(golden.features);
  for (size_t s = 0; s < golden.steps.size(); ++s) {
    const GoldenSteps::Step& step = golden.steps[s];
    const Tensor z =
        GoldenValues(static_cast<uint32_t>(2 * s), {views * golden.samples, golden.features});
    const Tensor target =
        GoldenValues(static_cast<uint32_t>(2 * s + 1), {targets * golden.samples, golden.features});
    loss.BeginStep({.step = static_cast<int64_t>(s + 1),
                    .total_steps = static_cast<int64_t>(golden.steps.size()),
                    .steps_per_epoch = 2,
                    .seed = 3});
    loss.parameters().ZeroGradients();
    const auto compute = [&](Tape& tape, Var value) {
      return loss.Compute(tape,
                          {.value = value,
                           .target = golden.has_target ? tape.Constant(target) : Var(),
                           .views = golden.views,
                           .target_views = golden.target_views},
                          batch);
    };
    Tape tape;
    const Var value = tape.Leaf(z);
    const LossResult result = compute(tape, value);
    const double seen = result.loss.value().item();
    if (!(std::abs(seen - step.loss) <= tolerance * (1 + std::abs(step.loss)))) {
      return AssertionFailure() << golden.config << ", step " << s + 1 << ": loss " << seen
                                << " instead of " << step.loss;
    }
    tape.Backward(result.loss);
    AssertionResult close = Compare("gradient", ToDoubles(tape.LeafGradient(value)), step.gradient,
                                    tolerance, golden, s);
    if (!close) return close;
    close = Compare("gradient of parameters", Joined(loss, /*gradients=*/true),
                    step.parameter_gradients, tolerance, golden, s);
    if (!close) return close;
    Tape evaluation(/*recording=*/false);
    compute(evaluation, evaluation.Constant(z));
    for (Parameter& p : loss.parameters().parameters()) {
      AddInPlace(p.value, p.gradient, -static_cast<float>(golden.rate));
    }
    loss.AfterStep();
    close = Compare("state", Joined(loss, /*gradients=*/false), step.state, tolerance, golden, s);
    if (!close) return close;
  }
  return testing::AssertionSuccess();
}

BuildContext TargetContext(int64_t features, int64_t views) {
  return {
      .input = FlowType::Vector(features), .views = views, .target = FlowType::Vector(features)};
}

void ExpectNamesTargetFaults(const std::function<std::string(const BuildContext&)>& fault) {
  BuildContext context = TargetContext(8);
  EXPECT_EQ(fault(context), "");
  context.target = FlowType::Vector(9);
  EXPECT_THAT(fault(context), HasSubstr("the prediction is vector 8 and its target vector 9"));
  context.target = FlowType();
  EXPECT_THAT(fault(context), HasSubstr("Give the pipeline a teacher { ... }, a predictor"));
  EXPECT_THAT(fault(TargetContext(8, 1)), HasSubstr("none of them different"));
  context = TargetContext(8);
  context.value_views = context.target_views = {1};
  EXPECT_THAT(fault(context), HasSubstr("none of them different"));
  context.target_views = {0};
  EXPECT_EQ(fault(context), "");
  context.input = context.target = FlowType::Image(1, 28, 28);
  EXPECT_THAT(fault(context), HasSubstr("it is given image 1×28×28"));
}

void ExpectNamesFaultsOfViews(const std::function<std::string(const BuildContext&)>& fault) {
  BuildContext context{.input = FlowType::Vector(8), .views = 2};
  EXPECT_EQ(fault(context), "");
  context.target_views = {1};
  EXPECT_EQ(fault(context), "");
  context.target_views = {2};
  EXPECT_THAT(fault(context), HasSubstr("takes view 2 of the prediction for a target"));
  EXPECT_THAT(fault(TargetContext(8)), HasSubstr("has no use for a target"));
  EXPECT_THAT(fault({.input = FlowType::Vector(8), .views = 1}), HasSubstr("at least 2 views"));
  EXPECT_THAT(fault({.input = FlowType::Image(1, 28, 28), .views = 2}),
              HasSubstr("the head gives image 1×28×28"));
}

void ExpectDirectionsOfTheStep(Loss& loss) {
  const Tensor z = RandomTensor({8, 6}, 1);
  const auto value = [&](int64_t step, bool recording) {
    loss.BeginStep({.step = step, .seed = static_cast<uint64_t>(step)});
    Tape tape(recording);
    return loss.Compute(tape, {.value = tape.Constant(z)}, {.samples = 4, .views = 2})
        .loss.value()
        .item();
  };
  EXPECT_EQ(value(1, false), value(2, false));
  EXPECT_NE(value(1, true), value(2, true));
  EXPECT_EQ(value(1, true), value(1, true));
}

void ExpectNonFiniteAlongDirectionsIsReturned(Loss& loss) {
  for (const float bad : {INFINITY, NAN}) {
    Tensor z = RandomTensor({8, 6}, 1);
    z.data()[3] = bad;
    Tape tape;
    const LossResult result =
        loss.Compute(tape, {.value = tape.Leaf(z)}, {.samples = 4, .views = 2});
    EXPECT_TRUE(std::isnan(result.loss.value().item()));
    EXPECT_TRUE(std::isnan(result.metrics[1].second));
  }
}

double MeanOverSlices(const Doubles& x, size_t samples, size_t slices,
                      const std::function<double(const Doubles&)>& of) {
  double sum = 0;
  for (size_t v = 0; v < 2; ++v) {
    for (size_t m = 0; m < slices; ++m) {
      Doubles p;
      for (size_t n = 0; n < samples; ++n) p.push_back(x[(v * samples + n) * slices + m]);
      sum += of(p);
    }
  }
  return sum / static_cast<double>(2 * slices);
}

void ExpectNonFiniteIsReturned(Loss& loss, int64_t samples, int64_t features, int64_t views) {
  const Batch batch{.samples = samples, .views = views};
  loss.parameters().Allocate("loss", 1);
  for (const bool in_target : {false, true}) {
    Tensor z = GoldenValues(1, {views * samples, features}), target = GoldenValues(2, z.shape());
    (in_target ? target : z).data()[features] = std::numeric_limits<float>::quiet_NaN();
    Tape tape;
    const Prediction prediction{.value = tape.Leaf(z), .target = tape.Constant(target)};
    const LossResult result = loss.Compute(tape, prediction, batch);
    EXPECT_TRUE(std::isnan(result.loss.value().item())) << (in_target ? "target" : "prediction");
  }
}

}  // namespace pretext
