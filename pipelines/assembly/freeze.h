// What the pipeline's `freeze` keeps from training.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/autograd/parameter.h"
#include "pipelines/model/model.h"

namespace pretext {

class Pipeline;

// Marks the parameters and running statistics that `freeze` names, before they are allocated. A
// name is a whole one or its beginning up to a dot: "layer1" is "layer1.0.conv1.weight" and all
// beside it, and not "layer10". The head's begin with "head.", others with the name of their part;
// "encoder." may be left out.
// What a loss remembers cannot be frozen.
// InvalidArgument, with a fault at "freeze[i]" or "freeze_for[i]" for each name that is none, or at
// "freeze_for[i]" of running statistics alone, and at "freeze" when nothing is left to train.
absl::Status Freeze(const Pipeline& config, const Model& model);

// A parameter that `freeze_for` keeps from training for a time.
struct FrozenFor {
  Parameter* parameter;
  int64_t steps;     // as many of the first
  std::string name;  // that named it
};
// Those of the pipeline, each once and for the longest time that it is named with, of a model whose
// parameters may be allocated; an epoch has that many steps.
std::vector<FrozenFor> FrozenForATime(const Pipeline& config, const Model& model,
                                      double steps_per_epoch);

// Whether `name` is `beginning`, or goes on after it with a dot.
bool BeginsWith(const std::string& name, const std::string& beginning);

// Learnt values that are frozen, of all parts.
int64_t FrozenCount(const Model& model);

}  // namespace pretext
