// Loss: one number for a batch, from the head's prediction and what the batch knows.
//
// A loss may learn (parameters: prototypes) and remember (buffers: a queue, a centre). Both are
// saved and resumed. What it remembers changes in AfterStep alone, by what Compute has put by while
// its tape recorded: an evaluation leaves no trace.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/autograd/autograd.h"
#include "core/autograd/parameter.h"
#include "core/flow/batch.h"
#include "core/flow/schedule.h"
#include "core/plugin/build_context.h"
#include "core/plugin/head.h"

namespace pretext {

class BlockMember;

struct LossResult {
  Var loss;  // a scalar, of shape {}: the mean over `weight` items
  // How many items it is the mean of (rows, masked tokens), 0 when there was none: what a batch
  // weighs where batches are averaged (accumulation, log lines, evaluation).
  double weight = 1;
  std::vector<std::pair<const char*, double>> metrics;  // further figures, e.g. {"accuracy", 0.31}
};

// A loss over the batch that is shared out among the blocks of a batch (core/group/block_member.h):
// none of them has the rows of all.
class LossOfBlocks {
 public:
  virtual ~LossOfBlocks() = default;
  // Loss::Compute of the whole batch, of so many samples, to rounding: its loss, weight and
  // metrics, and the gradient of this block's rows. Prediction and batch are this block's. All
  // blocks call it, each on a thread of its own; what they need of one another goes by `member`, in
  // an order that depends on the number of blocks alone, and so do the bits of the result.
  virtual LossResult ComputeBlock(Tape& tape, const Prediction& prediction, const Batch& batch,
                                  int64_t samples, BlockMember& member) const = 0;
};

// Registers with PRETEXT_REGISTER_LOSS(Class, ConfigMessage); has
//   static absl::StatusOr<std::unique_ptr<Loss>> Create(const ConfigMessage&, const BuildContext&);
// where context.input is the type of the prediction, and context.target that of its target.
class Loss {
 public:
  virtual ~Loss() = default;

  // A non-finite loss is returned as it is: the trainer stops there and says where it came from.
  virtual LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) = 0;

  // Before the batches of a step: where it stands in the run, for what follows a schedule.
  virtual void BeginStep(const RunPosition& position) { (void)position; }
  // After the optimizer's update and the teacher's.
  virtual void AfterStep() {}

  // Whether the loss is a mean over samples (or rows, or tokens of them), each of which depends on
  // what is of that sample alone: then a batch in blocks has a loss for each block, and nothing of
  // a sample goes to another process. Else it is given z, targets, labels and clean samples of all
  // blocks, and nothing else of them. A loss by sample may have parameters, and no memory, and its
  // metrics are always there and in one order: those of blocks are put together by their weights.
  virtual bool by_sample() const { return false; }

  // Of a loss over the batch, how it is shared out among blocks; null: each process computes it of
  // the whole batch.
  virtual const LossOfBlocks* of_blocks() const { return nullptr; }

  // The fewest samples of a batch from which there is something to learn: 2 where samples are told
  // from one another.
  virtual int64_t least_samples() const { return 1; }

  // Its ramps by their fields' names: that a run does not come to the end of one is said.
  virtual std::vector<std::pair<std::string, RampSchedule>> ramps() const { return {}; }

  // What else of it a run never comes to, in words, by its epochs and the samples that all its
  // batches have together; "" for nothing.
  virtual std::string Unreached(double epochs, double samples) const {
    (void)epochs, (void)samples;
    return "";
  }

  // Whether no gradient goes through a part of it, so that its gradient is not its value's slope.
  virtual bool stops_gradient() const { return false; }

  // Whether it looks at Prediction::target: a teacher of another would be for nothing, and a
  // predictor is more head.
  virtual bool takes_target() const { return false; }

  // Whether Batch::clean must be filled.
  virtual bool needs_clean() const { return false; }

  // What a decoder's prediction stands for, in the sample's own units (logits become
  // probabilities): what reconstruction error is measured on.
  virtual Tensor Reconstruction(const Tensor& prediction) const { return prediction; }

  // Landmarks shown beside the loss: its value for a prediction that knows nothing (chance), and a
  // value that it cannot usefully go below (floor); N samples a batch.
  virtual std::optional<double> Chance(int64_t samples, int64_t views) const {
    (void)samples, (void)views;
    return std::nullopt;
  }
  virtual std::optional<double> Floor(int64_t samples, int64_t views) const {
    (void)samples, (void)views;
    return std::nullopt;
  }

  ParameterSet& parameters() { return parameters_; }
  const ParameterSet& parameters() const { return parameters_; }

 private:
  ParameterSet parameters_;
};

}  // namespace pretext
