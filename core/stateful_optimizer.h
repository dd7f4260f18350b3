// What the optimizers share: buffers beside every parameter, and which parameters decay.
#pragma once

#include <string>
#include <vector>

#include "core/optimizer.h"

namespace pretext {

class StatefulOptimizer : public Optimizer {
 public:
  double learning_rate() const override { return learning_rate_; }
  void Attach(std::vector<Parameter*> parameters) override;
  // "PARAMETER.BUFFER" of every buffer.
  std::vector<State> state() override;

 protected:
  // buffers: their names; each is a tensor like the parameter's value, zero at first.
  StatefulOptimizer(double learning_rate, std::vector<std::string> buffers)
      : learning_rate_(learning_rate), names_(std::move(buffers)) {}

  struct Slot {
    Parameter* parameter;
    std::vector<Tensor> buffers;  // one a name

    int64_t elements() const {
      return static_cast<int64_t>(parameter->value.bytes() / sizeof(float));
    }
  };
  std::vector<Slot>& slots() { return slots_; }

 private:
  double learning_rate_;
  std::vector<std::string> names_;
  std::vector<Slot> slots_;
};

}  // namespace pretext
