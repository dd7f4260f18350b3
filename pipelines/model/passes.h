// A batch's passes through the parts of a model: what the loss is given.
#pragma once

#include <vector>

#include "core/autograd/autograd.h"
#include "core/autograd/forward_context.h"
#include "core/flow/batch.h"
#include "core/plugin/head.h"
#include "pipelines/model/model.h"

namespace pretext {

// Rows of one group of views through encoder, head and predictor.
struct StudentPass {
  Var h;
  Var z;             // the head's, before a predictor
  Prediction value;  // for the loss
};
StudentPass PassStudent(Tape& tape, const Model& model, const Batch& rows,
                        const ForwardContext& context);

// The teacher's z of rows of one group; no gradient comes back.
Tensor PassTeacher(const Model& model, const Batch& rows, const ForwardContext& context);

// Rows of `batch` in group `group`, and the context of their pass.
const Batch& RowsOfGroup(const Batch& batch, size_t group);
ForwardContext ContextOfGroup(const ForwardContext& context, size_t group);

// All groups in their order, or one alone where the model has none.
size_t CountGroups(const Model& model);
bool IsSeenByStudent(const Model& model, size_t group);
bool IsTarget(const Model& model, size_t group);
bool IsSeenByTeacher(const Model& model, size_t group);

// The prediction's views, as the model's groups say.
void NameViews(const Model& model, Prediction& prediction);

// The batch as the loss is given it: its views are those that the student sees.
Batch BatchOfLoss(const Model& model, const Batch& batch);

// All of them: every group through the student and the teacher.
struct WholePass {
  std::vector<Var> h;  // of each group that the student sees
  Prediction prediction;
};
WholePass PassWhole(Tape& tape, const Model& model, const Batch& batch,
                    const ForwardContext& context);

// Of view-major rows of `samples` samples those of `count` of them from `first` on, of each view.
Tensor RowsOfSamples(const Tensor& rows, int64_t samples, int64_t first, int64_t count);

// The rows of all, one below the other.
Tensor JoinRows(const std::vector<Tensor>& parts);
Tensor JoinRows(const std::vector<Var>& parts);

}  // namespace pretext
