// What the optimizers share: buffers beside every parameter, and which parameters decay.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/parallel/parallel.h"
#include "core/plugin/optimizer.h"

namespace pretext {

class StatefulOptimizer : public Optimizer {
 public:
  double learning_rate() const override { return learning_rate_; }
  std::optional<double> weight_decay() const override { return weight_decay_; }
  void set_weight_decay(double decay) override { weight_decay_ = decay; }
  void Attach(std::vector<Parameter*> parameters) override;
  // "PARAMETER.BUFFER" of every buffer.
  std::vector<State> state() override;

 protected:
  // buffers: their names; each is a tensor like the parameter's value, zero at first.
  StatefulOptimizer(double learning_rate, std::vector<std::string> buffers,
                    std::optional<double> weight_decay = std::nullopt)
      : learning_rate_(learning_rate), weight_decay_(weight_decay), names_(std::move(buffers)) {}

  struct Slot {
    Parameter* parameter;
    std::vector<Tensor> buffers;  // one a name

    int64_t elements() const {
      return static_cast<int64_t>(parameter->value.bytes() / sizeof(float));
    }
  };
  std::vector<Slot>& slots() { return slots_; }

  // Calls update(slot index, begin, end) for blocks of elements that together are every parameter
  // with a gradient. One parallel region for all of them: many small parameters cost what one large
  // one does. Updates work element by element, so the bits do not depend on the number of threads.
  template <class Update>
  void ForEachBlock(const Update& update) {
    const auto count = static_cast<int64_t>(blocks_.size());
    ParallelForUneven(count, 1, kCost * elements_ / std::max<int64_t>(1, count), [&](int64_t b) {
      const Block& block = blocks_[static_cast<size_t>(b)];
      if (slots_[block.slot].parameter->has_gradient) update(block.slot, block.begin, block.end);
    });
  }

 private:
  // Of a parameter, at most so many elements: with gradient and two buffers a part of the cache.
  static constexpr int64_t kBlock = 1 << 13;
  static constexpr int64_t kCost = 4;  // of an element: four arrays are read, three written
  struct Block {
    size_t slot;
    int64_t begin, end;
  };

  double learning_rate_;
  std::optional<double> weight_decay_;
  std::vector<std::string> names_;
  std::vector<Slot> slots_;
  std::vector<Block> blocks_;
  int64_t elements_ = 0;  // of all of them
};

}  // namespace pretext
