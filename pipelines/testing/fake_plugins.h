// Plugins that do nothing (their configs are in fake_plugins.proto), registered for tests of
// loading and assembly.
#pragma once

#include <string>

namespace pretext::testing {

// A pipeline of them without faults, a field a line; each test changes a line of it.
std::string FakePipeline();

// FakePipeline with the one place where `before` stands replaced.
std::string FakePipelineWith(const std::string& before, const std::string& after);

}  // namespace pretext::testing
