// Twenty steps against PyTorch's, for the optimizers' tests.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/plugin/optimizer.h"

namespace pretext {

// Attaches the optimizer to the parameter of twenty_steps.py, of the role, runs its twenty steps
// and compares with the case `name` of the golden file, optimizers/NAME/NAME_golden.txt. A case
// that is not there fails the test.
testing::AssertionResult FollowsPyTorch(const std::string& path, const std::string& name,
                                        Optimizer& optimizer, double learning_rate,
                                        Role role = Role::kWeight);

}  // namespace pretext
