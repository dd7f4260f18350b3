// What the losses between a reconstruction and the clean sample share.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/plugin/build_context.h"
#include "core/plugin/field_checker.h"
#include "core/plugin/loss.h"

namespace pretext {

// InvalidArgument unless the head's output (context.input) has as many elements as the dataset's
// sample, both images or vectors.
absl::Status CheckReconstruction(const BuildContext& context);

// A fault when the reconstruction cannot reach the targets: a known range that does not hold the
// clean sample's, such as a sigmoid's for pixels in [-1, 1].
void CheckReachesTargets(const BuildContext& context, FieldChecker& check);

// A kernel of kernels/reconstruction: returns the sum over n elements, writes scale times its
// gradient unless null.
using ReconstructionKernel = double (*)(int64_t n, const float* reconstruction, const float* target,
                                        float scale, float* gradient);

// The kernel's mean over every view's rows against Batch::clean, recorded as `operation`.
LossResult ReconstructionLoss(Tape& tape, const char* operation, Var reconstruction,
                              const Batch& batch, ReconstructionKernel kernel);

}  // namespace pretext
