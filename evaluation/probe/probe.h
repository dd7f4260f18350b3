// The linear probe: how well a linear classifier does on frozen features.
#pragma once

#include "absl/status/statusor.h"
#include "base/work/work.h"
#include "evaluation/features/features.h"

namespace pretext {

struct ProbeOptions {
  double decay = 1e-5;       // times the sum of the squared weights; the bias is free
  int max_iterations = 200;  // of L-BFGS
  Work work;
};

inline constexpr int kProbeHistory = 50;  // steps that L-BFGS remembers

struct ProbeAccuracy {
  double test = 0, train = 0;  // percent
  double loss = 0;             // the objective reached
  int iterations = 0;
};

// Multinomial logistic regression on features standardised by the training split's columns, from
// zero weights, by L-BFGS with a line search for the strong Wolfe conditions (softmax_regression.h
// has the objective). It stops when the gradient is below 1e-6 of the weights' length, or after
// max_iterations: on raw pixels the weights are then still growing, slowly, so the number of
// iterations is a part of the protocol.
//
// Errors: those of CheckLabelled; options out of range; Cancelled (base/work/work.h).
absl::StatusOr<ProbeAccuracy> EvaluateProbe(const Features& train, const Features& test,
                                            const ProbeOptions& options);

}  // namespace pretext
