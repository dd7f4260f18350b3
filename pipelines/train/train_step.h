// One pass of a batch through a model and its loss, and back:
// gradients are accumulated into the parameters.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/autograd/autograd.h"
#include "core/autograd/forward_context.h"
#include "core/flow/batch.h"
#include "pipelines/model/model.h"

namespace pretext {

struct StepResult {
  double loss = 0;
  double weight = 1;  // LossResult::weight: items that the loss is the mean of
  std::vector<std::pair<const char*, double>> metrics;
  // Empty when the loss is finite; else the first value that was not (Tape::FindNonFinite), and no
  // gradient was added.
  std::string non_finite;
  // With `keep`: of the batch's rows, for monitoring.
  Tensor h, z;
};

// What of a batch is differentiated: its loss, the mean over its items, or the loss times its
// weight, the sum over them. Gradients of sums can be added up over batches: divided by the
// weights' sum they are the gradient of the mean over all items.
enum class Reduction : uint8_t { kMean, kSum };

// Values that a loss is asked about, without what they come from.
struct LossInput {
  Tensor value, target;                 // Prediction's, of the batch's rows
  Tensor decoder_weight, decoder_bias;  // Prediction's, or undefined
  Batch batch;                          // BatchOfLoss
  Precision precision = Precision::kFloat32;
};

// A loss and its gradients, of the input's shapes; undefined where the loss is not finite.
struct LossOfValues {
  StepResult result;
  Tensor value, decoder_weight, decoder_bias;
};
// What the loss is, of these values on the tape.
using Judgement = std::function<LossResult(const Prediction& z, const Batch& batch)>;
LossOfValues JudgeValues(Tape& tape, const Model& model, const LossInput& input,
                         Reduction reduction, const Judgement& judge);
// The model's own.
LossOfValues JudgeValues(Tape& tape, const Model& model, const LossInput& input,
                         Reduction reduction);

// The blocks that a step's batch is one of, as far as its loss looks at them.
class LossOverBlocks {
 public:
  virtual ~LossOverBlocks() = default;
  // JudgeValues of the whole batch: the gradients are of the rows that are given here.
  virtual LossOfValues Judge(const LossInput& input, Reduction reduction) = 0;
  // Whether all blocks say so.
  virtual bool All(bool here) = 0;
};

class TrainStep {
 public:
  // chunk: rows that go through the model at once, 0: all. The model outlives the step; what a
  // step changes of it is done by the caller. `blocks`: null where a batch is all there is.
  TrainStep(const Model& model, int64_t chunk, LossOverBlocks* blocks = nullptr)
      : model_(model), chunk_(chunk), blocks_(blocks) {}

  // The gradient is added to the parameters' gradients. `listener` hears, where it is not null, of
  // the parameters on the last tape that goes back: what that has gone by changes no more.
  StepResult Run(const Batch& batch, const ForwardContext& context, Reduction reduction, bool keep,
                 UseListener* listener = nullptr);

 private:
  // Rows of a group of views that go through at once.
  struct Piece {
    size_t group;
    int64_t begin, end;
  };
  std::vector<Piece> Pieces(const Batch& batch) const;

  // The whole batch at once.
  StepResult RunWhole(const Batch& batch, const ForwardContext& context, Reduction reduction,
                      bool keep);
  // Gradient caching (Gao et al. 2021, "Scaling deep contrastive learning batch size under memory
  // limited setup"): z of every chunk without a tape, the loss and dz of the whole batch, then each
  // chunk again with its rows of dz. The gradient is the whole batch's; batch normalisation takes a
  // chunk's statistics.
  StepResult RunChunked(const Batch& batch, const ForwardContext& context, Reduction reduction,
                        bool keep, UseListener* listener);

  // Whether the loss is of more rows than the batch has.
  bool judges_apart() const { return blocks_ != nullptr && !model_.loss->by_sample(); }

  const Model& model_;
  const int64_t chunk_;
  LossOverBlocks* const blocks_;
  Tape tape_;
};

// Rows [begin, end) of a batch as a batch of one view: input, lengths, segments and masked tokens.
// For encoders and heads, which work row by row.
Batch RowsOf(const Batch& batch, int64_t begin, int64_t end);

}  // namespace pretext
