#include "pipelines/model/passes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/ops/basic.h"
#include "core/plugin/forward_pass.h"

namespace pretext {
namespace {

Var JoinVars(Tape& tape, const std::vector<Var>& parts) {
  return parts.size() == 1 ? parts.front() : Concat(tape, parts);
}

}  // namespace

StudentPass PassStudent(Tape& tape, const Model& model, const Batch& rows,
                        const ForwardContext& context) {
  const ForwardPass pass = Forward(tape, *model.encoder, *model.head, rows, context);
  StudentPass student{.h = pass.h, .z = pass.z.value, .value = pass.z};
  if (model.predictor == nullptr) return student;
  ForwardContext with = context;
  with.views = rows.views;
  with.part = PassPart::kPredictor;
  const PrecisionScope precision(tape, context.precision);
  student.value = model.predictor->Forward(tape, student.z, rows, with);
  student.value.precision = context.precision;
  return student;
}

Tensor PassTeacher(const Model& model, const Batch& rows, const ForwardContext& context) {
  const TeacherOptions& options = model.teacher->options();
  ForwardContext with = context;
  with.dropout = context.dropout && options.dropout;
  with.teacher = true;
  with.update_statistics = context.training && !options.buffers_follow;
  Tape values(/*recording=*/false);
  return Forward(values, model.teacher->encoder(), model.teacher->head(), rows, with)
      .z.value.value()
      .Plain();
}

const Batch& RowsOfGroup(const Batch& batch, size_t group) {
  return batch.groups.empty() ? batch : batch.groups[group];
}

ForwardContext ContextOfGroup(const ForwardContext& context, size_t group) {
  ForwardContext with = context;
  with.group = static_cast<uint32_t>(group);
  return with;
}

size_t CountGroups(const Model& model) { return std::max<size_t>(1, model.groups.size()); }

bool IsSeenByStudent(const Model& model, size_t group) {
  return model.groups.empty() || model.groups[group].student;
}

bool IsTarget(const Model& model, size_t group) {
  return model.groups.empty() || model.groups[group].target;
}

bool IsSeenByTeacher(const Model& model, size_t group) {
  return model.teacher != nullptr && IsTarget(model, group);
}

void NameViews(const Model& model, Prediction& prediction) {
  if (model.groups.size() < 2) return;
  prediction.views = ViewsOf(model.groups, &ViewGroup::student);
  prediction.target_views = ViewsOf(model.groups, &ViewGroup::target);
}

Batch BatchOfLoss(const Model& model, const Batch& batch) {
  Batch seen = batch;  // tensors are shared
  if (model.groups.size() > 1) {
    seen.views = static_cast<int64_t>(ViewsOf(model.groups, &ViewGroup::student).size());
  }
  return seen;
}

WholePass PassWhole(Tape& tape, const Model& model, const Batch& batch,
                    const ForwardContext& context) {
  // The teacher first: its values are gone when the student's come.
  std::vector<Tensor> targets;
  std::vector<Var> h, z, values;
  Prediction prediction;
  for (size_t g = 0; g < CountGroups(model); ++g) {
    if (!IsSeenByTeacher(model, g)) continue;
    targets.push_back(PassTeacher(model, RowsOfGroup(batch, g), ContextOfGroup(context, g)));
  }
  for (size_t g = 0; g < CountGroups(model); ++g) {
    if (!IsSeenByStudent(model, g)) continue;
    const StudentPass pass =
        PassStudent(tape, model, RowsOfGroup(batch, g), ContextOfGroup(context, g));
    h.push_back(pass.h);
    if (IsTarget(model, g)) z.push_back(pass.z);
    values.push_back(pass.value.value);
    prediction = pass.value;
  }
  prediction.value = JoinVars(tape, values);
  if (model.teacher != nullptr) {
    prediction.target = tape.Constant(JoinRows(targets));
  } else if (model.predictor != nullptr) {
    prediction.target = Detach(tape, JoinVars(tape, z));
  }
  NameViews(model, prediction);
  return {.h = std::move(h), .prediction = prediction};
}

Tensor RowsOfSamples(const Tensor& rows, int64_t samples, int64_t first, int64_t count) {
  std::vector<Tensor> of_views;
  for (int64_t row = first; row < rows.dim(0); row += samples)
    of_views.push_back(rows.Rows(row, row + count));
  return JoinRows(of_views);
}

Tensor JoinRows(const std::vector<Tensor>& parts) {
  if (parts.size() == 1) return parts.front();
  Shape shape = parts.front().shape();
  shape[0] = 0;
  for (const Tensor& part : parts) shape[0] += part.dim(0);
  Tensor all = Tensor::Uninitialized(shape);
  float* to = all.data();
  for (const Tensor& part : parts) {
    const Tensor rows = part.Plain();
    to = std::copy_n(rows.data(), rows.size(), to);
  }
  return all;
}

Tensor JoinRows(const std::vector<Var>& parts) {
  std::vector<Tensor> values;
  for (const Var& part : parts) values.push_back(part.value());
  return JoinRows(values);
}

}  // namespace pretext
