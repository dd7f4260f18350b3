// Twenty steps against PyTorch's, for the optimizers' tests.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/plugin/optimizer.h"

namespace pretext {

// Attaches the optimizer to golden.py's parameter, of the role, runs its twenty steps and compares
// with the case.
testing::AssertionResult FollowsPyTorch(const std::string& name, Optimizer& optimizer,
                                        double learning_rate, Role role = Role::kWeight);

}  // namespace pretext
