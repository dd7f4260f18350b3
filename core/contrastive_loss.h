// What the losses that compare a batch's views share: NT-Xent, SupCon, DCL and others.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/build_context.h"
#include "core/field_checker.h"
#include "core/loss.h"
#include "kernels/nt_xent/nt_xent.h"

namespace pretext {

// The head's output has to be a vector, and there have to be at least `least_views` views.
void CheckComparedViews(const BuildContext& context, int64_t least_views, FieldChecker& check);

// The same, and that the temperature is one that the kernel takes.
void CheckContrastive(const BuildContext& context, int64_t least_views, float temperature,
                      FieldChecker& check);

// The kernel's loss of z [R, D], recorded as `operation`; `problem` says temperature, labels and
// denominators. NaN, without a gradient, if z holds a NaN or an infinity. Metrics (Wang & Isola
// 2020), of unit vectors: "alignment", the mean squared distance of positives; "uniformity",
// log mean exp(-2 distance²) over pairs of rows (of up to 256 rows of the first view).
LossResult ContrastiveLoss(Tape& tape, const char* operation, Var z, const Batch& batch,
                           NtXentProblem problem);

// log mean exp(-2 |u_i - u_j|²) over the pairs i ≠ j of the rows of z [rows, features] scaled to
// unit length; 0 for fewer than two rows.
double Uniformity(int64_t rows, int64_t features, const float* z);

}  // namespace pretext
