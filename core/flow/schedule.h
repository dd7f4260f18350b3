// What changes over the steps of a run, by one set of curves.
//
// The learning rate, a factor on the optimizer's base rate:
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
//
// And a ramp, of momentum, weight decay or a temperature:
//
//   v = from + (to - from) c(u)    c(u) = u, or (1 - cos πu) / 2
//   u = (t - 1) / (span - 1), within [0, 1]: `from` at the first step, `to` from step `span` on
#pragma once

#include <cstdint>

namespace pretext {

enum class Decay : uint8_t { kConstant, kLinear, kCosine };

// How much of the way from its beginning to its end a curve has gone, u within [0, 1].
double Way(Decay decay, double u);

// Where a step stands in its run.
struct RunPosition {
  int64_t step = 1;  // from 1
  int64_t total_steps = 1;
  double steps_per_epoch = 1;
  uint64_t seed = 0;  // of the run
};

struct RampSchedule {
  double from = 0, to = 0;
  Decay decay = Decay::kLinear;
  // How long it takes; both 0: all of the run.
  int64_t steps = 0;
  double epochs = 0;

  double At(const RunPosition& position) const;
};

struct LearningRateSchedule {
  Decay decay = Decay::kConstant;
  double final_fraction = 0;  // at the last step, linear and cosine
  int64_t warmup_steps = 0;
  int64_t total_steps = 1;

  // The factor at step `t`, 1 <= t <= total_steps; beyond the end that of the last step.
  double Factor(int64_t t) const;
};

}  // namespace pretext
