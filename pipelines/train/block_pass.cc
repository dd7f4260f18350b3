#include "pipelines/train/block_pass.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <string>
#include <utility>

#include "base/check/check.h"
#include "pipelines/assembly/build_model.h"
#include "pipelines/assembly/combinations.h"
#include "pipelines/model/passes.h"
#include "pipelines/text/pipeline.pb.h"
#include "processes/sharing.h"

namespace pretext {
namespace {

// `copy` takes the values of `model`, whose tensors stay the same from here on (what is loaded is
// written into them); gradients are its own.
void ShareValues(const Model& model, const Model& copy) {
  const auto from = model.all_sets(), to = copy.all_sets();
  for (size_t s = 0; s < from.size(); ++s) {
    for (size_t p = 0; p < from[s].set->parameters().size(); ++p) {
      const Parameter& source = from[s].set->parameters()[p];
      Parameter& target = to[s].set->parameters()[p];
      target.name = source.name;
      target.value = source.value;
      if (source.gradient.defined() && !target.gradient.defined())
        target.gradient = Tensor::Uninitialized(source.shape);
    }
    for (size_t b = 0; b < from[s].set->buffers().size(); ++b) {
      const Buffer& source = from[s].set->buffers()[b];
      Buffer& target = to[s].set->buffers()[b];
      target.name = source.name;
      target.value = source.value;
      target.frozen = source.frozen;
    }
  }
}

}  // namespace

struct BlockPass::Block {
  Block(const Assembled& parts, std::unique_ptr<Model> own, SharedLoss& shared,
        const LoaderOptions& options)
      : copy(std::move(own)),
        model(copy != nullptr ? *copy : static_cast<const Model&>(parts)),
        loss(parts, shared),
        loader(*parts.dataset, options),
        step(model, parts.config->train().chunk(), &loss) {}

  const std::unique_ptr<Model> copy;  // null of the first block, which has the parts themselves
  const Model& model;
  BlockLoss loss;
  Loader loader;
  TrainStep step;
  Batch batch;
  StepResult result;
};

BlockPass::BlockPass(Assembled& parts, Processes& processes, int threads)
    : parts_(parts), group_(processes, parts.config->train().blocks(), threads) {
  LoaderOptions options = TrainingBatches(parts);
  options.blocks = group_.blocks();
  const BlockRange own = group_.own();
  for (options.block = own.begin; options.block < own.end; ++options.block) {
    std::unique_ptr<Model> copy;
    if (options.block > own.begin) {
      absl::StatusOr<Model> built = BuildModel(parts);
      PRETEXT_CHECK(built.ok(), "what was built once can be built again");
      copy = std::make_unique<Model>(*std::move(built));
      ShareValues(parts, *copy);
    }
    blocks_.push_back(std::make_unique<Block>(parts, std::move(copy), shared_, options));
  }
  ListSummed();
  FillBuckets();
  const bool exact = parts.config->train().reduction() == Pipeline::Train::EXACT;
  sums_ = std::make_unique<GradientSums>(
      group_, exact ? BlockGroup::Order::kTree : BlockGroup::Order::kFast, buckets_.size(),
      [this](size_t b) { return AddendsOf(buckets_[b]); });
  ListenToBlocks();
}

BlockPass::~BlockPass() = default;

void BlockPass::Seek(int64_t epoch, int64_t batch) {
  for (const auto& block : blocks_) block->loader.Seek(epoch, batch);
}

double BlockPass::data_seconds() const {
  double most = 0;
  for (const auto& block : blocks_)
    most = std::max(most, block->loader.seconds_waiting() + block->loader.seconds_augmenting());
  return most;
}

void BlockPass::BeginStep(const RunPosition& position) {
  parts_.BeginStep(position);
  for (const auto& block : blocks_) {
    if (block->copy == nullptr) continue;
    for (const Model::NamedSet& named : block->copy->trained_sets()) named.set->ZeroGradients();
    block->copy->loss->BeginStep(position);
  }
}

absl::Status BlockPass::RunBlock(BlockMember& member, const ForwardContext& context,
                                 Reduction reduction, bool keep, bool last) {
  const auto own = static_cast<size_t>(member.index() - group_.own().begin);
  Block& block = *blocks_[own];
  if (absl::Status status = block.loader.Next(block.batch); !status.ok()) return status;
  const int64_t samples = block.loader.samples_of_batch();
  ForwardContext with = context;
  with.block = &member;
  // Streams for its rows that no other block has.
  with.first_row = parts_.views() * FirstSample(samples, member.index(), member.count());
  // Pieces have statistics of their own.
  if (IsChunked(parts_, samples)) with.batch_norm = BatchNormScope::kPerBlock;
  block.loss.Begin(member, samples);
  block.result =
      block.step.Run(block.batch, with, reduction, keep, last ? uses_[own].get() : nullptr);
  if (parts_.loss->by_sample()) block.result = block.loss.MeanOf(block.result);
  member.Once([&] {
    whole_.samples = samples;
    whole_.views = BatchOfLoss(parts_, block.batch).views;
  });
  if (!keep) return absl::OkStatus();
  // The monitor looks at vectors, one a row.
  const auto gather = [&](const FlowType& type, const Tensor& rows, Tensor& all) {
    if (type.is(FlowType::Kind::kVector)) block.loss.GatherRows(rows, all);
  };
  gather(parts_.encoder->output(), block.result.h, h_);
  gather(parts_.final_head().output(), block.result.z, z_);
  return absl::OkStatus();
}

absl::StatusOr<StepResult> BlockPass::Run(const ForwardContext& context, Reduction reduction,
                                          bool keep, bool last) {
  h_ = z_ = Tensor();
  if (last) {
    for (auto& left : blocks_left_) left = group_.own().size();
    for (const auto& uses : uses_) uses->Begin();
    sums_->Begin();
  }
  const absl::Status status = group_.Run(
      [&](BlockMember& member) { return RunBlock(member, context, reduction, keep, last); });
  if (!status.ok()) return status;
  StepResult result = blocks_.front()->result;
  if (!std::isfinite(result.loss)) {
    absl::StatusOr<std::string> first = FirstNonFinite();
    if (!first.ok()) return first.status();
    result.non_finite = *std::move(first);
  }
  result.h = std::move(h_);
  result.z = std::move(z_);
  return result;
}

void BlockPass::ListSummed() {
  // What learns in the loss of whole batches has its gradient in every process already.
  const bool of_loss = parts_.loss->by_sample();
  for (const auto& block : blocks_) {
    size_t at = 0;
    for (const Model::NamedSet& named : block->model.trained_sets()) {
      if (named.name == "loss" && !of_loss) continue;
      for (Parameter& p : named.set->parameters()) {
        if (p.frozen) continue;
        if (block->copy == nullptr) summed_.push_back({&p, {}});
        summed_[at++].addends.push_back(&p);
      }
    }
  }
  // The way back goes by the last ones first.
  std::reverse(summed_.begin(), summed_.end());
}

void BlockPass::FillBuckets() {
  const int64_t full = BucketFloats(group_.processes().size());
  int64_t count = 0;
  for (size_t p = 0; p < summed_.size(); ++p) {
    if (buckets_.empty() || count >= full) {
      buckets_.push_back({p, p, {}, {}});
      count = 0;
    }
    count += summed_[p].sum->gradient.size();
    ++buckets_.back().end;
  }
  for (Bucket& bucket : buckets_) {
    bucket.any.resize(bucket.end - bucket.begin);
    bucket.has.assign(blocks_.size(), bucket.any);
  }
}

void BlockPass::ListenToBlocks() {
  blocks_left_ = std::vector<std::atomic<int>>(buckets_.size());
  for (size_t block = 0; block < blocks_.size(); ++block) {
    std::vector<std::vector<const Parameter*>> parameters;
    for (const Bucket& bucket : buckets_) {
      parameters.emplace_back();
      for (size_t p = bucket.begin; p < bucket.end; ++p)
        parameters.back().push_back(summed_[p].addends[block]);
    }
    uses_.push_back(std::make_unique<BucketUses>(parameters, [this](size_t bucket) {
      if (--blocks_left_[bucket] == 0) sums_->Whole(bucket);
    }));
  }
}

// Where a block has no gradient (no token of it was masked) it counts as zeros; where none has,
// there is none.
std::vector<BlockGroup::Addends> BlockPass::AddendsOf(Bucket& bucket) const {
  std::vector<BlockGroup::Addends> all{
      {static_cast<int64_t>(bucket.any.size()), {}, bucket.any.data()}};
  for (const std::vector<float>& each : bucket.has) all.front().values.push_back(each.data());
  for (size_t p = bucket.begin; p < bucket.end; ++p) {
    const auto& [sum, addends] = summed_[p];
    PRETEXT_CHECK(sum->gradient.plain(), "a parameter's gradient is row-major");
    all.push_back({sum->gradient.size(), {}, sum->gradient.data()});
    for (size_t b = 0; b < blocks_.size(); ++b) {
      const Parameter& of = *addends[b];
      bucket.has[b][p - bucket.begin] = of.has_gradient ? 1 : 0;
      all.back().values.push_back(of.has_gradient ? std::as_const(of.gradient).data() : nullptr);
    }
  }
  return all;
}

absl::Status BlockPass::EndStep() {
  if (absl::Status status = sums_->Finish(); !status.ok()) return status;
  for (const Bucket& bucket : buckets_)
    for (size_t p = bucket.begin; p < bucket.end; ++p)
      summed_[p].sum->has_gradient = bucket.any[p - bucket.begin] > 0;
  return absl::OkStatus();
}

absl::StatusOr<std::string> BlockPass::FirstNonFinite() {
  constexpr size_t kText = 256;
  // A block's own, before what the loss over the batch saw of its input.
  std::string found;
  for (const auto& block : blocks_) {
    const std::string& text = block->result.non_finite;
    if (found.empty() && text != shared_.judged.result.non_finite) found = text;
  }
  Processes& processes = group_.processes();
  std::vector<std::array<char, kText>> all(static_cast<size_t>(processes.size()));
  const auto own = static_cast<size_t>(processes.rank());
  found.copy(all[own].data(), kText - 1);
  if (absl::Status status = Gather(processes, all.data(), kText); !status.ok()) return status;
  for (const auto& text : all)
    if (text[0] != '\0') return std::string(text.data());
  return shared_.judged.result.non_finite;
}

}  // namespace pretext
