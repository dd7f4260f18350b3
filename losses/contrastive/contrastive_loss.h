// What the losses that compare a batch's views share: NT-Xent, SupCon, DCL and others.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "core/group/block_member.h"
#include "core/plugin/build_context.h"
#include "core/plugin/field_checker.h"
#include "core/plugin/loss.h"
#include "kernels/nt_xent/nt_xent.h"

namespace pretext {

// The head's output has to be a vector, and there have to be at least `least_views` views.
void CheckVectorsOfViews(const BuildContext& context, int64_t least_views, FieldChecker& check);

// The same, and that no views are named as targets: each is compared with all others.
void CheckComparedViews(const BuildContext& context, int64_t least_views, FieldChecker& check);

// The same, and that the temperature is one that the kernel takes.
void CheckContrastive(const BuildContext& context, int64_t least_views, float temperature,
                      FieldChecker& check);

// The rows of each view, [N, D] of z [V·N, D].
std::vector<Var> SliceViews(Tape& tape, Var z, const Batch& batch);
// The mean of scalars, one of a view or of a pair of views.
Var MeanOf(Tape& tape, std::span<const Var> scalars);

// The kernel's loss of z = prediction.value [R, D], in the prediction's precision, recorded as
// `operation`; `problem` says temperature, labels and denominators. Its weight: the rows that have
// positives. NaN, with a gradient of NaN, if z holds a NaN or an infinity. Metrics, over all rows
// of the batch: "positive_cosine", the mean over positive pairs; "mean_cosine", over all pairs:
// near 1 when the representations have collapsed.
LossResult ContrastiveLoss(Tape& tape, const char* operation, const Prediction& prediction,
                           const Batch& batch, NtXentProblem problem);

// The same, in float32, of a batch of `samples` in blocks, of this block's z and batch;
// `problem.labels`, where there are any, are of all samples (kernels/nt_xent/in_blocks.h).
LossResult ContrastiveLossOfBlock(Tape& tape, const char* operation, Var z, const Batch& batch,
                                  int64_t samples, BlockMember& member, NtXentProblem problem);

}  // namespace pretext
