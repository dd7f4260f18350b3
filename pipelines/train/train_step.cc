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
                          bool keep, UseListener* listener) {
  const auto is_cut = [&](size_t g) {
    return chunk_ > 0 && chunk_ < RowsOfGroup(batch, g).rows() &&
           (IsSeenByStudent(model_, g) || IsSeenByTeacher(model_, g));
  };
  for (size_t g = 0; g < CountGroups(model_); ++g) {
    if (is_cut(g)) return RunChunked(batch, context, reduction, keep, listener);
  }
  tape_.set_listener(listener);
  return RunWhole(batch, context, reduction, keep);
}

LossOfValues JudgeValues(Tape& tape, const Model& model, const LossInput& input,
                         Reduction reduction) {
  return JudgeValues(tape, model, input, reduction, [&](const Prediction& z, const Batch& batch) {
    return model.loss->Compute(tape, z, batch);
  });
}

LossOfValues JudgeValues(Tape& tape, const Model& model, const LossInput& input,
                         Reduction reduction, const Judgement& judge) {
  tape.Reset();
  const auto leaf = [&](const Tensor& value) { return value.defined() ? tape.Leaf(value) : Var(); };
  Prediction z{.value = leaf(input.value),
               .target = input.target.defined() ? tape.Constant(input.target) : Var(),
               .views = {},
               .target_views = {},
               .decoder_weight = leaf(input.decoder_weight),
               .decoder_bias = leaf(input.decoder_bias),
               .precision = input.precision};
  NameViews(model, z);
  const LossResult loss = judge(z, input.batch);
  LossOfValues judged;
  judged.result = Summarise(loss);
  if (!std::isfinite(judged.result.loss)) {
    judged.result.non_finite = tape.FindNonFinite();
    return judged;
  }
  tape.Backward(loss.loss, Seed(loss, reduction));
  const auto gradient = [&](Var of) {
    return of.defined() ? tape.LeafGradient(of).Plain() : Tensor();
  };
  judged.value = gradient(z.value);
  judged.decoder_weight = gradient(z.decoder_weight);
  judged.decoder_bias = gradient(z.decoder_bias);
  return judged;
}

StepResult TrainStep::RunWhole(const Batch& batch, const ForwardContext& context,
                               Reduction reduction, bool keep) {
  tape_.Reset();
  const auto [h, prediction] = PassWhole(tape_, model_, batch, context);
  const auto keep_rows = [keep, &h = h, &value = prediction.value](StepResult& result) {
    if (!keep) return;
    result.h = JoinRows(h);
    result.z = value.value();
  };
  if (judges_apart()) {
    LossOfValues judged = blocks_->Judge(
        {.value = prediction.value.value().Plain(),
         .target = prediction.target.defined() ? prediction.target.value().Plain() : Tensor(),
         .decoder_weight = {},
         .decoder_bias = {},
         .batch = BatchOfLoss(model_, batch),
         .precision = context.precision},
        reduction);
    keep_rows(judged.result);
    if (judged.value.defined()) {
      tape_.Backward(prediction.value, judged.value);
    } else if (std::string here = tape_.FindNonFinite(); !here.empty()) {
      judged.result.non_finite = std::move(here);
    }
    return judged.result;
  }
  const LossResult loss = model_.loss->Compute(tape_, prediction, BatchOfLoss(model_, batch));
  StepResult result = Summarise(loss);
  keep_rows(result);
  const bool finite = std::isfinite(result.loss);
  if (!finite) result.non_finite = tape_.FindNonFinite();
  // A block goes back only where all do: they wait for one another on the way.
  const bool all = blocks_ == nullptr ? finite : blocks_->All(finite);
  if (all) tape_.Backward(loss.loss, Seed(loss, reduction));
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
                                 Reduction reduction, bool keep, UseListener* listener) {
  tape_.set_listener(nullptr);
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
  const LossInput input{.value = JoinRows(values),
                        .target = targets.empty() ? Tensor() : JoinRows(targets),
                        .decoder_weight = decoder_weight,
                        .decoder_bias = decoder_bias,
                        .batch = BatchOfLoss(model_, batch),
                        .precision = context.precision};
  LossOfValues judged = judges_apart() ? blocks_->Judge(input, reduction)
                                       : JudgeValues(tape_, model_, input, reduction);
  StepResult& result = judged.result;
  if (keep) {
    result.h = JoinRows(h_parts);
    result.z = input.value;
  }
  const bool here = judged.value.defined();
  const bool all = blocks_ == nullptr || judges_apart() ? here : blocks_->All(here);
  if (!all) return result;

  const auto last = std::find_if(pieces.rbegin(), pieces.rend(), [&](const Piece& piece) {
    return IsSeenByStudent(model_, piece.group);
  });
  int64_t row = 0;  // of z
  bool first = true;
  for (const Piece& piece : pieces) {
    if (!IsSeenByStudent(model_, piece.group)) continue;
    tape_.Reset();
    if (&piece == &*last) tape_.set_listener(listener);
    const Prediction part = PassStudent(tape_, model_, rows_of(piece), context_of(piece)).value;
    // The decoder's gradient is the whole batch's: it goes back once, with the first chunk.
    if (first && judged.decoder_weight.defined())
      tape_.AddGradient(part.decoder_weight, judged.decoder_weight);
    if (first && judged.decoder_bias.defined())
      tape_.AddGradient(part.decoder_bias, judged.decoder_bias);
    first = false;
    const int64_t count = part.value.dim(0);
    tape_.Backward(part.value, judged.value.Rows(row, row + count));
    row += count;
  }
  return result;
}

}  // namespace pretext
