#include "pipelines/train/train_step.h"

#include <algorithm>
#include <cmath>

#include "base/check/check.h"
#include "pipelines/model/passes.h"

namespace pretext {
namespace {

StepResult Summarise(const LossResult& loss) {
  StepResult result;
  result.loss = loss.loss.value().item();
  result.weight = loss.weight;
  result.metrics = loss.metrics;
  return result;
}

// d (what is differentiated) / d loss.
Tensor Seed(const LossResult& loss, Reduction reduction) {
  const double seed = reduction == Reduction::kSum ? loss.weight : 1.0;
  return Tensor::Full(loss.loss.shape(), static_cast<float>(seed));
}

}  // namespace

Batch RowsOf(const Batch& batch, int64_t begin, int64_t end) {
  Batch rows;
  rows.samples = end - begin;
  rows.views = 1;
  rows.type = batch.type;
  rows.input = batch.input.Rows(begin, end);
  if (batch.lengths.defined()) rows.lengths = batch.lengths.Rows(begin, end);
  if (batch.segments.defined()) rows.segments = batch.segments.Rows(begin, end);
  if (!batch.masked_positions.defined()) return rows;
  const auto first = static_cast<int32_t>(begin * batch.type.tokens);
  const auto last = static_cast<int32_t>(end * batch.type.tokens);
  const int32_t* positions = batch.masked_positions.ints();
  const int32_t* from = std::lower_bound(positions, positions + batch.masked(), first);
  const int64_t count = std::lower_bound(from, positions + batch.masked(), last) - from;
  rows.masked_positions = Tensor::Uninitialized({count}, DType::kInt32);
  std::transform(from, from + count, rows.masked_positions.ints(),
                 [first](int32_t position) { return position - first; });
  if (batch.masked_ids.defined())
    rows.masked_ids = batch.masked_ids.Rows(from - positions, from - positions + count);
  return rows;
}

StepResult TrainStep::Run(const Batch& batch, const ForwardContext& context, Reduction reduction,
                          bool keep) {
  const auto is_cut = [&](size_t g) {
    return chunk_ > 0 && chunk_ < RowsOfGroup(batch, g).rows() &&
           (IsSeenByStudent(model_, g) || IsSeenByTeacher(model_, g));
  };
  for (size_t g = 0; g < CountGroups(model_); ++g) {
    if (is_cut(g)) return RunChunked(batch, context, reduction, keep);
  }
  return RunWhole(batch, context, reduction, keep);
}

StepResult TrainStep::RunWhole(const Batch& batch, const ForwardContext& context,
                               Reduction reduction, bool keep) {
  tape_.Reset();
  const auto [h, prediction] = PassWhole(tape_, model_, batch, context);
  const LossResult loss = model_.loss->Compute(tape_, prediction, BatchOfLoss(model_, batch));
  StepResult result = Summarise(loss);
  if (keep) {
    result.h = JoinRows(h);
    result.z = prediction.value.value();
  }
  if (!std::isfinite(result.loss)) {
    result.non_finite = tape_.FindNonFinite();
    return result;
  }
  tape_.Backward(loss.loss, Seed(loss, reduction));
  return result;
}

std::vector<TrainStep::Piece> TrainStep::Pieces(const Batch& batch) const {
  std::vector<Piece> pieces;
  for (size_t g = 0; g < CountGroups(model_); ++g) {
    const int64_t rows = RowsOfGroup(batch, g).rows();
    for (int64_t begin = 0; begin < rows; begin += chunk_)
      pieces.push_back({g, begin, std::min(rows, begin + chunk_)});
  }
  return pieces;
}

StepResult TrainStep::RunChunked(const Batch& batch, const ForwardContext& context,
                                 Reduction reduction, bool keep) {
  const std::vector<Piece> pieces = Pieces(batch);
  const auto rows_of = [&](const Piece& piece) {
    return RowsOf(RowsOfGroup(batch, piece.group), piece.begin, piece.end);
  };
  const auto context_of = [&](const Piece& piece) {
    ForwardContext at = ContextOfGroup(context, piece.group);
    at.first_row = context.first_row + piece.begin;
    return at;
  };

  std::vector<Tensor> values, targets, h_parts;
  Tensor decoder_weight, decoder_bias;  // the same for every chunk
  for (const Piece& piece : pieces) {
    if (!IsSeenByTeacher(model_, piece.group)) continue;
    targets.push_back(PassTeacher(model_, rows_of(piece), context_of(piece)));
  }
  for (const Piece& piece : pieces) {
    if (!IsSeenByStudent(model_, piece.group)) continue;
    Tape tape(/*recording=*/false);
    const auto [h, z, value] = PassStudent(tape, model_, rows_of(piece), context_of(piece));
    values.push_back(value.value.value().Plain());
    const bool own_target = model_.teacher == nullptr && model_.predictor != nullptr;
    if (own_target && IsTarget(model_, piece.group)) targets.push_back(z.value().Plain());
    if (keep) h_parts.push_back(h.value().Plain());
    if (value.decoder_weight.defined()) decoder_weight = value.decoder_weight.value();
    if (value.decoder_bias.defined()) decoder_bias = value.decoder_bias.value();
  }
  const Tensor z_all = JoinRows(values);

  tape_.Reset();
  const auto leaf = [this](const Tensor& value) {
    return value.defined() ? tape_.Leaf(value) : Var();
  };
  Prediction z{.value = tape_.Leaf(z_all),
               .target = targets.empty() ? Var() : tape_.Constant(JoinRows(targets)),
               .views = {},
               .target_views = {},
               .decoder_weight = leaf(decoder_weight),
               .decoder_bias = leaf(decoder_bias)};
  NameViews(model_, z);
  const LossResult loss = model_.loss->Compute(tape_, z, BatchOfLoss(model_, batch));
  StepResult result = Summarise(loss);
  if (keep) {
    result.h = JoinRows(h_parts);
    result.z = z_all;
  }
  if (!std::isfinite(result.loss)) {
    result.non_finite = tape_.FindNonFinite();
    return result;
  }
  tape_.Backward(loss.loss, Seed(loss, reduction));
  const auto gradient = [this](Var of) {
    return of.defined() ? tape_.LeafGradient(of).Plain() : Tensor();
  };
  const Tensor dz = gradient(z.value), dweight = gradient(z.decoder_weight),
               dbias = gradient(z.decoder_bias);

  int64_t row = 0;  // of z
  bool first = true;
  for (const Piece& piece : pieces) {
    if (!IsSeenByStudent(model_, piece.group)) continue;
    tape_.Reset();
    const Prediction part = PassStudent(tape_, model_, rows_of(piece), context_of(piece)).value;
    // The decoder's gradient is the whole batch's: it goes back once, with the first chunk.
    if (first && dweight.defined()) tape_.AddGradient(part.decoder_weight, dweight);
    if (first && dbias.defined()) tape_.AddGradient(part.decoder_bias, dbias);
    first = false;
    const int64_t count = part.value.dim(0);
    tape_.Backward(part.value, dz.Rows(row, row + count));
    row += count;
  }
  return result;
}

}  // namespace pretext
