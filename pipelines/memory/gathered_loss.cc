#include "pipelines/memory/gathered_loss.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "evaluation/views/most_rows.h"
#include "kernels/nt_xent/in_blocks.h"
#include "pipelines/model/passes.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

// Of view-major rows of `here` samples: those of `all` samples, the same ones again and again.
Tensor Repeated(const Tensor& rows, int64_t here, int64_t all) {
  if (!rows.defined()) return Tensor();
  const Tensor own = rows.Plain();
  const int64_t views = own.dim(0) / here;
  Shape shape = own.shape();
  shape[0] = views * all;
  Tensor repeated = Tensor::Uninitialized(shape, own.dtype());
  const size_t bytes = own.bytes() / static_cast<size_t>(own.dim(0));
  const auto* const from = static_cast<const char*>(own.elements());
  auto* to = static_cast<char*>(repeated.elements());
  for (int64_t v = 0; v < views; ++v) {
    for (int64_t n = 0; n < all; ++n, to += bytes)
      std::memcpy(to, from + static_cast<size_t>(v * here + n % here) * bytes, bytes);
  }
  return repeated;
}

double WidthForMonitor(const FlowType& type) {
  return type.is(FlowType::Kind::kVector) ? static_cast<double>(type.size()) : 0;
}

// Of the rows that the loss is of.
double StudentViews(const Assembled& parts) {
  return static_cast<double>(ViewsOf(parts.groups, &ViewGroup::student).size());
}

// Of the loss of blocks whose rows travel, in all blocks of this process at once: one that waits
// for others keeps what it has. Those of other plugins are taken to be as NT-Xent's.
double BytesOfRing(const Assembled& parts) {
  if (parts.loss->of_blocks() == nullptr || parts.loss->by_sample()) return 0;
  const int blocks = parts.config->train().blocks();
  const double of_block = std::ceil(static_cast<double>(parts.config->train().batch_size()) /
                                    blocks * StudentViews(parts));
  return std::max(1, parts.blocks_of_process()) *
         BytesOfNtXentBlock(static_cast<int64_t>(of_block), parts.final_head().output().size(),
                            blocks);
}

}  // namespace

bool IsJudgedWhole(const Assembled& parts) {
  return parts.config->train().blocks() > 0 && !parts.loss->by_sample() &&
         parts.loss->of_blocks() == nullptr;
}

GatheredBytes BytesOfGathered(const Assembled& parts) {
  const Pipeline::Train& train = parts.config->train();
  if (train.blocks() == 0) return {};
  const Head& final_head = parts.final_head();
  const double views = StudentViews(parts);
  const double h = views * WidthForMonitor(parts.encoder->output());
  const double z = views * WidthForMonitor(final_head.output());
  const double own = std::max(1, parts.blocks_of_process()) / static_cast<double>(train.blocks());
  const double samples = sizeof(float) * static_cast<double>(train.batch_size());
  // The monitor's rows go through the two buffers of gathering (processes/block_group.h) in turn;
  // between steps each block has its own of the latest step that was looked at.
  if (!IsJudgedWhole(parts)) {
    return {.in_step = samples * 2 * (h + z) + BytesOfRing(parts),
            .between_steps = samples * (1 + own) * (h + z)};
  }
  const double judged = views * static_cast<double>(final_head.output().size());
  const double clean = parts.loss->needs_clean() ? static_cast<double>(parts.sample.size()) : 0;
  const bool target = parts.teacher != nullptr || parts.predictor != nullptr;
  const double buffers = judged + std::max({judged, h, clean});
  // The gradient of the batch before is there until there is another; the monitor's z is in its
  // place. Blocks' pieces are of other sizes than the whole, so that the pool has room of its own
  // for them, and a little more: its sizes go by steps of an eighth.
  constexpr double kPieces = 1.25;
  return {.in_step = samples * (buffers + judged + kPieces * own * judged + h),
          .between_steps = samples * (buffers + (target ? 3 : 2) * judged + clean + own * (h + z))};
}

double MonitorBytes(const Assembled& parts) {
  const int64_t rows = std::min<int64_t>(kMostUnitRows, parts.config->train().batch_size());
  return sizeof(float) * 2 * static_cast<double>(rows) *
         std::max(WidthForMonitor(parts.encoder->output()),
                  WidthForMonitor(parts.final_head().output()));
}

LossOfValues GatheredLoss::Judge(const LossInput& own, Reduction reduction) {
  const int64_t here = own.batch.samples;
  // Blocks of one size may be a few samples more than the batch.
  const auto all =
      std::max(here, static_cast<int64_t>(std::ceil(static_cast<double>(here) * times_)));
  whole_ = {.value = Repeated(own.value, here, all),
            .target = Repeated(own.target, here, all),
            .decoder_weight = {},
            .decoder_bias = {},
            .batch = {.samples = all,
                      .views = own.batch.views,
                      .type = own.batch.type,
                      .clean = Repeated(own.batch.clean, here, all),
                      .labels = Repeated(own.batch.labels, here, all)},
            .precision = own.precision};
  judged_ = JudgeValues(tape_, model_, whole_, reduction);
  LossOfValues share{
      .result = judged_.result, .value = {}, .decoder_weight = {}, .decoder_bias = {}};
  if (!judged_.value.defined()) return share;
  share.value = RowsOfSamples(judged_.value, all, 0, here);
  return share;
}

}  // namespace pretext
