// What the pipeline's `freeze` keeps from training.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "core/autograd/parameter.h"

namespace pretext {

class Pipeline;

// Marks the parameters and running statistics that `freeze` names, before they are allocated. A
// name is a whole one or its beginning up to a dot: "layer1" is "layer1.0.conv1.weight" and all
// beside it, and not "layer10". The head's begin with "head."; "encoder." may be left out.
// InvalidArgument, with a fault at "freeze[i]" for each name that is none, and at "freeze" when
// nothing is left to train.
absl::Status Freeze(const Pipeline& config, ParameterSet& encoder, ParameterSet& head);

// Whether `name` is `beginning`, or goes on after it with a dot.
bool BeginsWith(const std::string& name, const std::string& beginning);

// The beginnings of the set's names that stand for its layers: "conv1", "layer1", "layers.0".
std::vector<std::string> LayerNames(const ParameterSet& set);

// Learnt values that are frozen.
int64_t FrozenCount(const ParameterSet& set);

}  // namespace pretext
