// Steps of losses with targets, parameters and what they remember, that PyTorch computed
// (NAME/NAME_golden.py, steps.py), and a loss plugin held against them.
#pragma once

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/autograd/gradient_check.h"
#include "core/plugin/loss.h"

namespace pretext {

// A run of a few steps. Before it, parameters and buffers get the values of `state`; each step has
// its own prediction and target; after it parameters move by -rate · gradient.
struct GoldenSteps {
  struct Step {
    double loss;
    Doubles gradient;             // of the prediction [V·N, D]
    Doubles parameter_gradients;  // one parameter after another
    Doubles state;                // after the step
  };

  std::string config;  // a text message
  int64_t samples, features;
  std::vector<int64_t> views, target_views;
  bool has_target;
  double rate;
  Doubles state;  // of parameters, then buffers
  std::vector<Step> steps;

  BuildContext Context() const;
};

// Every run of the file; at least one.
std::vector<GoldenSteps> ReadGoldenSteps(const std::string& path);

// Whether the loss gives all of that: losses within tolerance × (1 + |loss|), the others within
// tolerance × their root mean square; and that a loss computed without recording, between the
// steps, is the same and leaves no trace.
testing::AssertionResult AgreesWithSteps(Loss& loss, const GoldenSteps& golden, double tolerance);

// A loss of the run's config, with `change` made to it.
template <class Plugin, class Config>
std::unique_ptr<Loss> LossOf(const GoldenSteps& golden,
                             const std::function<void(Config&)>& change = nullptr) {
  Config config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(golden.config, &config))
      << golden.config;
  if (change) change(config);
  auto loss = Plugin::Create(config, golden.Context());
  EXPECT_TRUE(loss.ok()) << golden.config << ": " << loss.status();
  return loss.ok() ? *std::move(loss) : nullptr;
}

// agrees(): whether a loss of the run's config agrees with the run; agrees(change): whether one of
// a changed config does.
template <class Plugin, class Config>
auto Agreement(const GoldenSteps& golden, double tolerance) {
  return [&golden, tolerance](const std::function<void(Config&)>& change = nullptr) {
    return AgreesWithSteps(*LossOf<Plugin, Config>(golden, change), golden, tolerance);
  };
}

// A context of a prediction and a target of D features, and of their views.
BuildContext TargetContext(int64_t features, int64_t views = 2);

// The message of what is wrong with a config in a context, or nothing.
template <class Plugin, class Config>
std::string FaultOf(const Config& config, const BuildContext& context) {
  return std::string(Plugin::Create(config, context).status().message());
}

// That a missing target, one of another width, views that are all the same, and a prediction that
// is no vector are named.
void ExpectNamesTargetFaults(const std::function<std::string(const BuildContext&)>& fault);

// That of a loss with a queue and a temperature the faults of both are named, and of its target.
template <class Plugin, class Config>
void ExpectNamesFaultsOfQueueAndTarget() {
  const auto expect_both = [](int64_t rows, float temperature) {
    Config config;
    config.set_rows(rows);
    config.set_temperature(temperature);
    const std::string fault = FaultOf<Plugin>(config, TargetContext(8));
    EXPECT_NE(fault.find("rows: "), std::string::npos) << fault;
    EXPECT_NE(fault.find("temperature: "), std::string::npos) << fault;
  };
  expect_both(0, 0);
  expect_both(int64_t{1} << 25, std::numeric_limits<float>::quiet_NaN());
  ExpectNamesTargetFaults(
      [](const BuildContext& context) { return FaultOf<Plugin>(Config(), context); });
}

// What of it holds for a loss that takes the prediction's own views alone, at its default config.
void ExpectNamesFaultsOfViews(const std::function<std::string(const BuildContext&)>& fault);

// Of a loss along random directions, with a metric of these second: that each step has its own, and
// evaluations the same always; and that loss and metric of a NaN or an infinity are NaN.
void ExpectDirectionsOfTheStep(Loss& loss);
void ExpectNonFiniteAlongDirectionsIsReturned(Loss& loss);

// The mean of `of` over the slices of each of two views: x [2·samples, slices], a slice of a view
// is a column of its rows.
double MeanOverSlices(const Doubles& x, size_t samples, size_t slices,
                      const std::function<double(const Doubles&)>& of);

// That a loss of a prediction with a NaN is NaN, with a target of the same size.
void ExpectNonFiniteIsReturned(Loss& loss, int64_t samples, int64_t features, int64_t views = 2);

}  // namespace pretext
