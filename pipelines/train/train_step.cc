#include "pipelines/train/train_step.h"

#include <algorithm>
#include <cmath>

#include "base/check/check.h"
#include "core/plugin/forward_pass.h"

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
  return rows;
}

StepResult TrainStep::Run(const Batch& batch, const ForwardContext& context, Reduction reduction,
                          bool keep) {
  if (chunk_ > 0 && chunk_ < batch.rows()) return RunChunked(batch, context, reduction, keep);
  return RunWhole(batch, context, reduction, keep);
}

StepResult TrainStep::RunWhole(const Batch& batch, const ForwardContext& context,
                               Reduction reduction, bool keep) {
  tape_.Reset();
  const auto [h, z] = Forward(tape_, encoder_, head_, batch, context);
  const LossResult loss = loss_.Compute(tape_, z, batch);
  StepResult result = Summarise(loss);
  if (keep) {
    result.h = h.value();
    result.z = z.value.value();
  }
  if (!std::isfinite(result.loss)) {
    result.non_finite = tape_.FindNonFinite();
    return result;
  }
  tape_.Backward(loss.loss, Seed(loss, reduction));
  return result;
}

StepResult TrainStep::RunChunked(const Batch& batch, const ForwardContext& context,
                                 Reduction reduction, bool keep) {
  const int64_t rows = batch.rows();
  const auto forward = [&](Tape& tape, int64_t begin, int64_t end, Tensor* h_kept) {
    const Batch chunk = RowsOf(batch, begin, end);
    ForwardContext at = context;
    at.first_row = context.first_row + begin;
    const auto [h, z] = Forward(tape, encoder_, head_, chunk, at);
    if (h_kept != nullptr) *h_kept = h.value().Plain();
    PRETEXT_CHECK(!z.decoder_weight.defined(), "token scores are not computed in chunks");
    return z.value;
  };
  const auto store = [&](Tensor& all, const Tensor& part, int64_t begin) {
    if (!all.defined()) {
      Shape shape = part.shape();
      shape[0] = rows;
      all = Tensor::Uninitialized(shape);
    }
    Tensor target = all.Rows(begin, begin + part.dim(0));
    std::copy_n(part.data(), part.size(), target.data());
  };

  Tensor z, h;
  for (int64_t begin = 0; begin < rows; begin += chunk_) {
    Tape values(/*recording=*/false);
    Tensor h_part;
    const Var part =
        forward(values, begin, std::min(rows, begin + chunk_), keep ? &h_part : nullptr);
    store(z, part.value().Plain(), begin);
    if (keep) store(h, h_part, begin);
  }

  tape_.Reset();
  const Var leaf = tape_.Leaf(z);
  const LossResult loss = loss_.Compute(tape_, {.value = leaf}, batch);
  StepResult result = Summarise(loss);
  if (keep) {
    result.h = h;
    result.z = z;
  }
  if (!std::isfinite(result.loss)) {
    result.non_finite = tape_.FindNonFinite();
    return result;
  }
  tape_.Backward(loss.loss, Seed(loss, reduction));
  const Tensor dz = tape_.LeafGradient(leaf).Plain();

  for (int64_t begin = 0; begin < rows; begin += chunk_) {
    const int64_t end = std::min(rows, begin + chunk_);
    tape_.Reset();
    const Var part = forward(tape_, begin, end, nullptr);
    tape_.Backward(part, dz.Rows(begin, end));
  }
  return result;
}

StepResult TrainStep::Evaluate(const Batch& batch, const ForwardContext& context) {
  Tape values(/*recording=*/false);
  const auto [h, z] = Forward(values, encoder_, head_, batch, context);
  StepResult result = Summarise(loss_.Compute(values, z, batch));
  result.h = h.value();
  result.z = z.value.value();
  return result;
}

}  // namespace pretext
