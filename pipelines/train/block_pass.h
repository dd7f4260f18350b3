// A batch in blocks (train.blocks), each on a thread of its own, with those of other processes.
//
//   block b of G: its samples → its copy of the model → z_b ─┐ z of all blocks → loss → dz
//                 gradients of its copy ← dz_b ←──────────────┘
//   gradient = ((g_0 + g_1) + (g_2 + g_3)) + …     core/group/block_tree.h
//
// The sum goes in buckets, from the last parameters to the first, each as soon as all blocks of
// this process are done with its parameters on their way back (processes/gradient_sums.h).
//
// Copies of the model share the values of its parameters and running statistics, and have gradients
// of their own. A loss that is a mean over samples (Loss::by_sample) is taken of each block, and
// nothing but gradients and figures is brought together; one that is shared out (Loss::of_blocks)
// has each block's rows meet those of the others. Any other is given z, targets and labels of the
// whole batch, by each process for itself: what it remembers (a queue, a centre) and what it learns
// (prototypes) is the same in all of them, and goes nowhere.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/train/batch_pass.h"
#include "pipelines/train/block_loss.h"
#include "pipelines/train/bucket_uses.h"
#include "processes/block_group.h"
#include "processes/gradient_sums.h"

namespace pretext {

class BlockPass final : public BatchPass {
 public:
  // The parts, allocated, and the processes outlive it. `threads` of this process compute.
  BlockPass(Assembled& parts, Processes& processes, int threads);
  ~BlockPass() override;

  void Seek(int64_t epoch, int64_t batch) override;
  void BeginStep(const RunPosition& position) override;
  absl::Status EndStep() override;
  absl::StatusOr<StepResult> Run(const ForwardContext& context, Reduction reduction, bool keep,
                                 bool last) override;
  const Batch& batch() const override { return whole_; }
  // Of a mean over samples: the blocks' gradients are added up.
  bool takes_sums() const override { return parts_.loss->by_sample(); }
  double data_seconds() const override;

 private:
  struct Block;
  // A parameter that is summed: the model's, and each own block's.
  struct Summed {
    Parameter* sum;
    std::vector<const Parameter*> addends;
  };
  // Parameters that are summed together, [begin, end) of summed_, and whether any block of any
  // process has a gradient of each.
  struct Bucket {
    size_t begin, end;
    std::vector<std::vector<float>> has;  // of each own block
    std::vector<float> any;
  };

  void ListSummed();
  void FillBuckets();
  void ListenToBlocks();
  std::vector<BlockGroup::Addends> AddendsOf(Bucket& bucket) const;
  absl::Status RunBlock(BlockMember& member, const ForwardContext& context, Reduction reduction,
                        bool keep, bool last);
  // Of a batch whose loss is not finite: the first value that was not, of the first block of any
  // process that has one.
  absl::StatusOr<std::string> FirstNonFinite();

  Assembled& parts_;
  BlockGroup group_;
  SharedLoss shared_;
  std::vector<std::unique_ptr<Block>> blocks_;  // of this process
  // Of the latest batch.
  Batch whole_;
  Tensor h_, z_;
  std::vector<Summed> summed_;  // in the order of the sum
  std::vector<Bucket> buckets_;
  std::vector<std::atomic<int>> blocks_left_;  // of each bucket, that are not done with it
  std::unique_ptr<GradientSums> sums_;
  std::vector<std::unique_ptr<BucketUses>> uses_;  // of each own block
};

}  // namespace pretext
