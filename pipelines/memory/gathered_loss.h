// What a loss of the whole batch takes of each process that has some of its blocks.
#pragma once

#include <cstdint>

#include "pipelines/assembly/assembly.h"
#include "pipelines/train/train_step.h"

namespace pretext {

// Whether each process of a batch in blocks computes the loss of the whole batch for itself
// (pipelines/train/block_loss.h).
bool IsJudgedWhole(const Assembled& parts);

// In bytes, of what a process has of the whole batch; 0 without blocks.
struct GatheredBytes {
  double in_step = 0;        // beside what a dry run with GatheredLoss shows
  double between_steps = 0;  // all of it, while there is an evaluation
};
GatheredBytes BytesOfGathered(const Assembled& parts);

// In bytes, of what the monitor makes of a batch's vectors: rows of two views at unit length
// (evaluation/views).
double MonitorBytes(const Assembled& parts);

// For a dry run: takes memory as BlockLoss does. There are no rows but this process's, which stand
// for those of the others too.
class GatheredLoss final : public LossOverBlocks {
 public:
  // `times`: the samples of the batch, by those that go through the model.
  GatheredLoss(const Model& model, double times) : model_(model), times_(times) {}

  LossOfValues Judge(const LossInput& own, Reduction reduction) override;
  bool All(bool here) override { return here; }

 private:
  const Model& model_;
  const double times_;
  // They outlive the way back, as those of a training do.
  Tape tape_;
  LossInput whole_;
  LossOfValues judged_;
};

}  // namespace pretext
