// What the tests of optimizers ask of each: that it is built, names its faults, and takes ten steps
// that a reference in double takes too.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/autograd/gradient_check.h"
#include "core/autograd/parameter.h"
#include "core/plugin/build_context.h"
#include "core/plugin/optimizer.h"

namespace pretext {

// Of a config without faults.
template <class Plugin, class Config>
std::unique_ptr<Optimizer> Build(const Config& config) {
  auto optimizer = Plugin::Create(config, BuildContext());
  EXPECT_TRUE(optimizer.ok()) << optimizer.status();
  return *std::move(optimizer);
}

// Each is said of the config.
template <class Plugin, class Config>
void ExpectFaults(const Config& config, const std::vector<std::string>& said) {
  const std::string message(Plugin::Create(config, BuildContext()).status().message());
  for (const std::string& each : said) EXPECT_THAT(message, testing::HasSubstr(each));
}

// Each of these fields, which the config has at a value that is nothing in single precision, is
// named.
template <class Plugin, class Config>
void ExpectTooSmall(const Config& config, std::vector<std::string> fields) {
  for (std::string& field : fields) field += ": must be from 1.17549e-38";
  ExpectFaults<Plugin>(config, fields);
}

// Ten steps of one parameter, with gradients in four times their size and a scale that undoes it.
struct TenSteps {
  Doubles begin, end;              // its values
  std::vector<Doubles> gradients;  // of each step
};

// The parameter's values are normal times `start`; the rate of step t is rate / t.
TenSteps TakeTenSteps(Optimizer& optimizer, const Shape& shape, Role role, float start,
                      double rate);

}  // namespace pretext
