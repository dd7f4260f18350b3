// What the conformance tests of all kinds share: example configs, inputs of every type, and the
// checks of configs.
#pragma once

#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/autograd/autograd.h"
#include "core/flow/batch.h"
#include "core/plugin/build_context.h"
#include "core/plugin/registry.h"

namespace pretext {

// The plugin's example.textproto when its folder has one, else its default config.
std::unique_ptr<google::protobuf::Message> ExampleConfig(const Plugin& plugin);

// Input types that a plugin is tried with, in turn, until one fits: those that its folder's
// example_input.txt has, one a line ("image 3 16 16", "vector 12", "tokens 16 50", of a vocabulary,
// "sequence 16 12", "masked_image 3 16 16 4 5", patches of 4 of which 5 are kept), or else one of
// each.
std::vector<FlowType> CandidateTypes(const Plugin& plugin);

// N samples with V views of that type: random values in [0, 1], random tokens with every third
// masked, some of a masked image's patches; labels below 3.
Batch RandomBatch(const FlowType& type, int64_t samples, int64_t views, uint64_t seed);

// A token embedding [vocabulary, width] with values, for heads that tie their decoder to one.
class TokenEmbedding {
 public:
  TokenEmbedding(int64_t vocabulary, int64_t width);
  Parameter* get() { return &set_.parameters().front(); }

 private:
  ParameterSet set_;
};

// A test's name from a plugin: "NtXent".
std::string TestName(const Plugin& plugin);

// Creates from the example with each number of the config made absurd in turn (negative, zero,
// huge, not a number): nothing may crash, a fault must name its field, and every floating-point
// field must refuse what is not a number, every signed whole number something.
void ExpectBadFieldsAreNamed(
    const Plugin& plugin,
    const std::function<absl::Status(const google::protobuf::Message&)>& create);

// A map from parameters (and inputs) to a tensor, differentiable.
using Function = std::function<Var(Tape&)>;

// The gradient of the function's output (times fixed random weights) along a random direction of
// each parameter in turn, against a central difference in single precision. Unit tests compare
// closely with double references; this one finds a gradient that is missing, of the wrong sign or
// scale in any plugin.
void ExpectGradientsOfParameters(ParameterSet& parameters, const Function& function);
// The same for an input.
void ExpectGradientOfInput(const Tensor& input, const std::function<Var(Tape&, Var)>& function);

// With any parameter frozen it gets no gradient and the others get theirs to the bit; with all of
// them and the buffers frozen nothing changes, running statistics neither. `function` is a pass of
// training.
void ExpectFrozenIsLeftAlone(ParameterSet& parameters, const Function& function);

// Twice the same bits; within rounding whatever the number of threads.
void ExpectDeterministic(const Function& function);

}  // namespace pretext
