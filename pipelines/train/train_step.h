// One pass of a batch through a model and its loss, and back:
// gradients are accumulated into the parameters.
#pragma once

#include <cstdint>
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

class TrainStep {
 public:
  // chunk: rows that go through the model at once, 0: all. The model outlives the step; what a
  // step changes of it is done by the caller.
  TrainStep(const Model& model, int64_t chunk) : model_(model), chunk_(chunk) {}

  // The gradient is added to the parameters' gradients.
  StepResult Run(const Batch& batch, const ForwardContext& context, Reduction reduction, bool keep);

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
                        bool keep);

  const Model& model_;
  const int64_t chunk_;
  Tape tape_;
};

// Rows [begin, end) of a batch as a batch of one view: input, lengths, segments and masked tokens.
// For encoders and heads, which work row by row.
Batch RowsOf(const Batch& batch, int64_t begin, int64_t end);

}  // namespace pretext
