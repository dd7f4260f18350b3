#include "optimizers/stateful/stateful_optimizer.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <string>
#include <vector>

#include "core/autograd/gradient_check.h"

namespace pretext {
namespace {

// Subtracts the rate from every element, and counts in its second buffer how often it was there.
class Counter : public StatefulOptimizer {
 public:
  Counter() : StatefulOptimizer(1.0, {"a", "b"}) {}
  void Step(int64_t, double learning_rate, double) override {
    ForEachBlock([&](size_t i, int64_t begin, int64_t end) {
      Slot& slot = slots()[i];
      for (int64_t e = begin; e < end; ++e) {
        slot.buffers[1].data()[e] += 1;
        slot.parameter->value.data()[e] -= static_cast<float>(learning_rate);
      }
    });
  }
};

TEST(StatefulOptimizer, EveryElementOnceAndNoneWithoutGradient) {
  const int threads = omp_get_max_threads();
  for (const int t : {1, 2, 5}) {
    omp_set_num_threads(t);
    std::vector<Parameter> parameters;
    for (const int64_t n : {1, 8191, 8192, 8193, 30000, 7}) {
      Parameter& p = parameters.emplace_back(RandomParameter({n}, 1));
      p.name = "p" + std::to_string(n);
      p.has_gradient = n != 8192;
      for (int64_t e = 0; e < n; ++e) p.value.data()[e] = 5;
    }
    std::vector<Parameter*> all;
    for (Parameter& p : parameters) all.push_back(&p);
    Counter counter;
    counter.Attach(all);
    counter.Step(1, 2.0, 1.0);
    counter.Step(2, 2.0, 1.0);
    const auto state = counter.state();
    ASSERT_EQ(state.size(), 12u);
    EXPECT_EQ(state[3].name, "p8191.b");
    for (size_t i = 0; i < parameters.size(); ++i) {
      const bool updated = parameters[i].has_gradient;
      for (int64_t e = 0; e < parameters[i].value.size(); ++e) {
        ASSERT_EQ(parameters[i].value.data()[e], updated ? 1.0f : 5.0f);
        ASSERT_EQ(state[2 * i].value.data()[e], 0.0f);
        ASSERT_EQ(state[2 * i + 1].value.data()[e], updated ? 2.0f : 0.0f);
      }
    }
  }
  omp_set_num_threads(threads);
}

}  // namespace
}  // namespace pretext
