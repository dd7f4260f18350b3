// What the losses share that look at a batch's vectors along random directions: the directions, and
// the term that draws the views of a sample together.
#pragma once

#include <cstdint>

#include "core/autograd/autograd.h"
#include "core/plugin/build_context.h"
#include "core/plugin/field_checker.h"
#include "core/plugin/loss.h"
#include "core/tensor/tensor.h"

namespace pretext {

// A slice is an item of the stream's name and a column of the projections; the paper of VISReg
// takes 4096.
inline constexpr int64_t kMostSlices = 1 << 16;

// Faults of a loss that takes the views of the prediction alone: fewer than two, a target view that
// the encoder is not given, a prediction that is not a vector; a teacher or a predictor, which
// would be for nothing.
void CheckViewsAlone(const BuildContext& context, FieldChecker& check);

// M directions [M, D] of length 1, any direction alike, from the stream of (seed, step): the same
// whatever was drawn before, by whichever process.
Tensor RandomSlices(uint64_t seed, int64_t step, int64_t slices, int64_t features);

inline constexpr RunPosition kBeforeTheRun{.step = 0};

// Those of a step; of a tape that does not record always the same, those before the run, so that
// figures of evaluations can be compared from one to the next.
Tensor SlicesOf(const Tape& tape, const RunPosition& position, int64_t slices, int64_t features);

// 1/(V N D) Σ_v Σ_n |z_vn - mean_t z_tn|², t the target views (of all, where none are named): how
// far the views of a sample are from the centre of its global ones (Balestriero and LeCun 2025,
// section 5.1). A scalar; the gradient goes through the centre too.
Var DistanceToCenters(Tape& tape, const Prediction& prediction, int64_t samples);

}  // namespace pretext
