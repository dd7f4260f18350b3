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

// The rows of all, one below the other.
Tensor Joined(const std::vector<Tensor>& parts) {
  Shape shape = parts.front().shape();
  shape[0] = 0;
  for (const Tensor& part : parts) shape[0] += part.dim(0);
  Tensor all = Tensor::Uninitialized(shape);
  float* to = all.data();
  for (const Tensor& part : parts) to = std::copy_n(part.data(), part.size(), to);
  return all;
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
  const auto forward = [&](Tape& tape, int64_t begin) {
    ForwardContext at = context;
    at.first_row = context.first_row + begin;
    return Forward(tape, encoder_, head_, RowsOf(batch, begin, std::min(rows, begin + chunk_)), at);
  };

  std::vector<Tensor> z_parts, h_parts;
  Tensor decoder_weight, decoder_bias;  // the same for every chunk
  for (int64_t begin = 0; begin < rows; begin += chunk_) {
    Tape values(/*recording=*/false);
    const auto [h, z] = forward(values, begin);
    z_parts.push_back(z.value.value().Plain());
    if (keep) h_parts.push_back(h.value().Plain());
    if (z.decoder_weight.defined()) decoder_weight = z.decoder_weight.value();
    if (z.decoder_bias.defined()) decoder_bias = z.decoder_bias.value();
  }
  const Tensor z_all = Joined(z_parts);

  tape_.Reset();
  const auto leaf = [this](const Tensor& value) {
    return value.defined() ? tape_.Leaf(value) : Var();
  };
  const Prediction z{.value = tape_.Leaf(z_all),
                     .decoder_weight = leaf(decoder_weight),
                     .decoder_bias = leaf(decoder_bias)};
  const LossResult loss = loss_.Compute(tape_, z, batch);
  StepResult result = Summarise(loss);
  if (keep) {
    result.h = Joined(h_parts);
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
  for (int64_t begin = 0; begin < rows; begin += chunk_) {
    tape_.Reset();
    const Prediction part = forward(tape_, begin).z;
    // The decoder's gradient is the whole batch's: it goes back once, with the first chunk.
    if (begin == 0 && dweight.defined()) tape_.AddGradient(part.decoder_weight, dweight);
    if (begin == 0 && dbias.defined()) tape_.AddGradient(part.decoder_bias, dbias);
    const int64_t count = part.value.dim(0);
    tape_.Backward(part.value, dz.Rows(row, row + count));
    row += count;
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
