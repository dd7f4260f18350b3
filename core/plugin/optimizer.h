// Optimizer: one update of all parameters from their gradients.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/autograd/parameter.h"
#include "core/plugin/build_context.h"

namespace pretext {

// Registers with PRETEXT_REGISTER_OPTIMIZER(Class, ConfigMessage); has
//   static absl::StatusOr<std::unique_ptr<Optimizer>> Create(const ConfigMessage& config,
//                                                            const BuildContext& context);
class Optimizer {
 public:
  // A piece of state that a checkpoint keeps: momentum buffers, and the like.
  struct State {
    std::string name;  // "encoder.0.weight.momentum"
    Tensor value;      // shares the optimizer's memory: loading writes into it
  };

  virtual ~Optimizer() = default;

  // The configured base rate; the schedule multiplies it.
  virtual double learning_rate() const = 0;

  // λ, the weight decay at the next step: the configured one, or what the schedule makes of it;
  // nothing where there is none to change.
  virtual std::optional<double> weight_decay() const { return std::nullopt; }
  virtual void set_weight_decay(double decay) { (void)decay; }

  // Called once, after the parameters are allocated: makes the state.
  virtual void Attach(std::vector<Parameter*> parameters) = 0;

  // One step. Gradients are multiplied by gradient_scale first (clipping, accumulation). Parameters
  // without a gradient are left alone. `step` counts from 1 (bias correction).
  virtual void Step(int64_t step, double learning_rate, double gradient_scale) = 0;

  virtual std::vector<State> state() = 0;

  // Fields of its config that give this state its meaning, or say that there is none: a run that
  // goes on may change no field that the optimizer as it was or as it is names here.
  virtual std::vector<std::string> fields_of_state() const { return {}; }
};

}  // namespace pretext
