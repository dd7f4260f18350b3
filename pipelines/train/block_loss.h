// The loss of a batch that is in blocks, as one of its blocks asks for it.
#pragma once

#include <cstdint>

#include "core/group/block_member.h"
#include "core/tensor/tensor.h"
#include "pipelines/model/model.h"
#include "pipelines/train/train_step.h"

namespace pretext {

// What the blocks of a process have in common: one of their threads writes it while the others
// wait.
struct SharedLoss {
  Tape tape;
  LossInput input;  // of the whole batch
  LossOfValues judged;
};

class BlockLoss final : public LossOverBlocks {
 public:
  // `model` has the loss that remembers and learns for all blocks of the process.
  BlockLoss(const Model& model, SharedLoss& shared) : model_(model), shared_(shared) {}

  // Before a batch of so many samples: which of its blocks this is.
  void Begin(BlockMember& member, int64_t samples);

  LossOfValues Judge(const LossInput& input, Reduction reduction) override;
  bool All(bool here) override;

  // Rows of this block, view-major, and those of all others, as rows of the whole batch in `all`,
  // which the blocks of the process share.
  void GatherRows(const Tensor& rows, Tensor& all);

  // Of a loss by sample: the mean over all blocks' items, of its figures too, in the order of
  // blocks.
  StepResult MeanOf(const StepResult& own);

 private:
  int64_t SamplesOf(int block) const {
    return FirstSample(samples_, block + 1, member_->count()) -
           FirstSample(samples_, block, member_->count());
  }
  // Judge of a loss that is shared out (Loss::of_blocks).
  LossOfValues JudgeShare(const LossInput& input, Reduction reduction);
  // Of rows of the whole batch those of this block.
  Tensor OwnRows(const Tensor& all) const;

  const Model& model_;
  SharedLoss& shared_;
  Tape tape_;  // of this block's share
  BlockMember* member_ = nullptr;
  int64_t samples_ = 0;
};

}  // namespace pretext
