#include "pipelines/train/block_loss.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/check/check.h"
#include "core/tensor/finite.h"
#include "pipelines/model/passes.h"

namespace pretext {
namespace {

// What a block says of a loss that is not finite where its own rows are.
constexpr char kOfAnotherBlock[] = "of rows of another block, or of finite ones";

}  // namespace

void BlockLoss::Begin(BlockMember& member, int64_t samples) {
  member_ = &member;
  samples_ = samples;
}

bool BlockLoss::All(bool here) {
  const float said = here ? 1 : 0;
  const float* const all = member_->Gather(&said, 1);
  return std::all_of(all, all + member_->count(), [](float each) { return each == 1; });
}

void BlockLoss::GatherRows(const Tensor& rows, Tensor& all) {
  const Tensor own = rows.Plain();
  const int64_t here = SamplesOf(member_->index()), views = own.dim(0) / here;
  PRETEXT_CHECK(own.dim(0) == views * here, "a row for each view of a sample");
  const int64_t words = own.size() / own.dim(0);
  std::vector<int64_t> counts;
  for (int b = 0; b < member_->count(); ++b) counts.push_back(SamplesOf(b) * views * words);
  Shape shape = own.shape();
  shape[0] = samples_ * views;
  const auto* from = static_cast<const char*>(member_->Gather(own.elements(), counts));
  member_->Once([&] {
    // In the place of those of the batch before, which nothing reads any more.
    if (!all.defined() || all.shape() != shape) all = Tensor::Uninitialized(shape, own.dtype());
    auto* const to = static_cast<char*>(all.elements());
    for (int b = 0; b < member_->count(); ++b) {
      const int64_t first = FirstSample(samples_, b, member_->count());
      const auto bytes = static_cast<size_t>(SamplesOf(b) * words) * 4;
      for (int64_t v = 0; v < views; ++v, from += bytes)
        std::memcpy(to + (v * samples_ + first) * words * 4, from, bytes);
    }
  });
}

Tensor BlockLoss::OwnRows(const Tensor& all) const {
  if (!all.defined()) return Tensor();
  return RowsOfSamples(all, samples_, FirstSample(samples_, member_->index(), member_->count()),
                       SamplesOf(member_->index()));
}

LossOfValues BlockLoss::JudgeShare(const LossInput& input, Reduction reduction) {
  LossOfValues judged =
      JudgeValues(tape_, model_, input, reduction, [&](const Prediction& z, const Batch& batch) {
        return model_.loss->of_blocks()->ComputeBlock(tape_, z, batch, samples_, *member_);
      });
  if (std::isfinite(judged.result.loss)) return judged;
  // The blocks whose rows are not say more of where it comes from.
  member_->Once([&] { shared_.judged.result.non_finite = kOfAnotherBlock; });
  if (IsFinite(input.value)) judged.result.non_finite = kOfAnotherBlock;
  return judged;
}

LossOfValues BlockLoss::Judge(const LossInput& input, Reduction reduction) {
  if (model_.loss->of_blocks() != nullptr) return JudgeShare(input, reduction);
  PRETEXT_CHECK(!input.decoder_weight.defined(), "a loss of whole batches has no decoder's scores");
  LossInput& whole = shared_.input;
  GatherRows(input.value, whole.value);
  if (input.target.defined()) GatherRows(input.target, whole.target);
  if (input.batch.clean.defined()) GatherRows(input.batch.clean, whole.batch.clean);
  GatherRows(input.batch.labels, whole.batch.labels);
  member_->Once([&] {
    whole.batch.samples = samples_;
    whole.batch.views = input.batch.views;
    whole.batch.type = input.batch.type;
    whole.precision = input.precision;
    shared_.judged = JudgeValues(shared_.tape, model_, whole, reduction);
  });
  return {.result = shared_.judged.result,
          .value = OwnRows(shared_.judged.value),
          .decoder_weight = {},
          .decoder_bias = {}};
}

StepResult BlockLoss::MeanOf(const StepResult& own) {
  // Of each block its weight, its loss and the loss's figures.
  std::vector<double> here = {own.weight, own.loss};
  for (const auto& [name, value] : own.metrics) here.push_back(value);
  const size_t size = here.size(), blocks = static_cast<size_t>(member_->count());
  const std::vector<int64_t> counts(blocks, static_cast<int64_t>(size * sizeof(double) / 4));
  std::vector<double> all(blocks * size);
  std::memcpy(all.data(), member_->Gather(here.data(), counts), all.size() * sizeof(double));
  double weight = 0;
  std::vector<double> sums(size - 1);
  for (auto block = all.begin(); block != all.end(); block += static_cast<ptrdiff_t>(size)) {
    weight += block[0];
    for (size_t i = 0; i < sums.size(); ++i) {
      sums[i] += block[0] * block[static_cast<ptrdiff_t>(i) + 1];
    }
  }
  StepResult mean = own;
  mean.weight = weight;
  mean.loss = weight > 0 ? sums[0] / weight : sums[0];
  for (size_t m = 0; m < mean.metrics.size(); ++m)
    mean.metrics[m].second = weight > 0 ? sums[m + 1] / weight : 0;
  return mean;
}

}  // namespace pretext
