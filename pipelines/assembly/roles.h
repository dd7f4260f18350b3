// What stands beside encoder, head and loss: groups of views, the predictor, the teacher.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/plugin/build_context.h"
#include "pipelines/assembly/assembly.h"

namespace pretext {

class Pipeline;

// Faults at "views.group[g]": a name that is missing or there twice, counts that do not add up, a
// group that nobody sees, a type that the encoder does not take; at "views.target[i]" a group that
// is none. The encoder may be null.
absl::Status CheckGroups(const Pipeline& config, const Assembled& parts);

// Faults of the section `teacher`: a momentum outside [0, 1], a group that is none.
absl::Status CheckTeacher(const Pipeline& config);

// Whether the group's views are targets: those that the teacher sees, or without one those that
// `views` names.
bool IsTarget(const Pipeline& config, const ViewGroup& group);

// A teacher of the pipeline's encoder and head, not allocated; `context` is the encoder's.
absl::StatusOr<std::unique_ptr<MomentumTeacher>> BuildTeacher(const Pipeline& config,
                                                              const BuildContext& context);

// Tells a loss which views it is given.
void DescribeViews(const Model& model, BuildContext& context);

}  // namespace pretext
