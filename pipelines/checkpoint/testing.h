// A small model with all that a checkpoint holds, for tests.
#pragma once

#include <string>
#include <vector>

#include "pipelines/checkpoint/checkpoint.h"

namespace pretext {

// One momentum buffer a parameter.
class Momentum : public Optimizer {
 public:
  double learning_rate() const override { return 1; }
  void Attach(std::vector<Parameter*> parameters) override {
    for (Parameter* p : parameters) {
      states_.push_back({p->name + ".momentum", Tensor::Zeros(p->shape)});
    }
  }
  void Step(int64_t, double, double) override {}
  std::vector<State> state() override { return states_; }

 private:
  std::vector<State> states_;
};

// Whose weights and running mean are `fill`, as is the second number of the momentum.
struct SmallModel {
  explicit SmallModel(float fill, int64_t width = 3) {
    weight = set.Add("weight", Role::kWeight, {2, width}, Initializer::Constant(fill));
    mean = set.AddBuffer("mean", {2}, fill);
    set.Allocate("encoder", 1);
    optimizer.Attach({weight});
    momentum()[1] = fill;
  }
  float* momentum() {
    shared_ = optimizer.state()[0].value;
    return shared_.data();
  }
  ModelState state() { return {{&set}, &optimizer}; }
  absl::Status Save(const std::string& path, const Cursor& cursor) {
    return SaveCheckpoint(path, {.cursor = cursor}, state());
  }
  absl::StatusOr<CheckpointFacts> Load(const std::string& path) {
    return LoadCheckpoint(path, state());
  }
  ParameterSet set;
  Parameter* weight;
  Buffer* mean;
  Momentum optimizer;

 private:
  Tensor shared_;  // with the optimizer's state
};

}  // namespace pretext
