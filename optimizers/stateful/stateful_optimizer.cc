#include "optimizers/stateful/stateful_optimizer.h"

#include <algorithm>
#include <utility>

namespace pretext {

void StatefulOptimizer::Attach(std::vector<Parameter*> parameters) {
  for (Parameter* p : parameters) {
    Slot& slot = slots_.emplace_back();
    slot.parameter = p;
    elements_ += slot.elements();
    for (size_t i = 0; i < names_.size(); ++i) {
      Tensor buffer = p->value.Clone();  // the same layout
      buffer.Zero();
      slot.buffers.push_back(std::move(buffer));
    }
    for (int64_t begin = 0; begin < slot.elements(); begin += kBlock) {
      blocks_.push_back({slots_.size() - 1, begin, std::min(begin + kBlock, slot.elements())});
    }
  }
}

std::vector<Optimizer::State> StatefulOptimizer::state() {
  std::vector<State> all;
  for (Slot& slot : slots_) {
    for (size_t i = 0; i < names_.size(); ++i) {
      all.push_back({slot.parameter->name + "." + names_[i], slot.buffers[i]});
    }
  }
  return all;
}

}  // namespace pretext
