// The learning rate over the steps of a run: a factor on the optimizer's base rate.
//
//   warmup     t / warmup                               for t < warmup
//   constant   1                                        from then on, or
//   linear     1 - (1 - final) u
//   cosine     final + (1 - final) (1 + cos πu) / 2     (Loshchilov and Hutter 2017)
//
//   u = (t - 1 - warmup) / (total - 1 - warmup), within [0, 1]: 0 at the warmup's end, 1 at the
//   last step
//
// Steps t are counted from 1: the first step already moves, and step t = warmup is at 1.
// The decay starts where the warmup ends, so the rate has no jump there (BERT's code computes it
// from step 0 and falls by warmup / total at once).
#pragma once

#include <cstdint>

namespace pretext {

struct LearningRateSchedule {
  enum class Decay : uint8_t { kConstant, kLinear, kCosine };
  Decay decay = Decay::kConstant;
  double final_fraction = 0;  // at the last step, linear and cosine
  int64_t warmup_steps = 0;
  int64_t total_steps = 1;

  // The factor at step `t`, 1 <= t <= total_steps; beyond the end that of the last step.
  double Factor(int64_t t) const;
};

}  // namespace pretext
