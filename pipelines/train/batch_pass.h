// The next batch through the model and back: gradients are added to the parameters'.
//
// A process has the batch as a whole (UndividedPass here), or in blocks, which it may share with
// others (block_pass.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "core/autograd/forward_context.h"
#include "core/loader/loader.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/train/train_plan.h"
#include "pipelines/train/train_step.h"

namespace pretext {

// What the training reads: batches of the training split.
LoaderOptions TrainingBatches(const Assembled& parts);

class BatchPass {
 public:
  virtual ~BatchPass() = default;

  // The next pass is of this batch.
  virtual void Seek(int64_t epoch, int64_t batch) = 0;

  // Before and after a step of several passes: gradients are none; the gradients of all passes are
  // those of the model's parameters.
  virtual void BeginStep(const RunPosition& position) = 0;
  virtual absl::Status EndStep() = 0;

  // With `keep` the result has h and z of all rows, and `batch` what the monitor looks at; `last`:
  // of the step's passes.
  virtual absl::StatusOr<StepResult> Run(const ForwardContext& context, Reduction reduction,
                                         bool keep, bool last) = 0;
  // Of the batch of the latest Run: its samples and views.
  virtual const Batch& batch() const = 0;

  // Whether gradients of one batch must be those of sums, however many a step takes.
  virtual bool takes_sums() const { return false; }

  // Since the beginning, waiting for samples and augmenting them.
  virtual double data_seconds() const = 0;
};

class UndividedPass final : public BatchPass {
 public:
  // The parts, allocated, outlive it.
  explicit UndividedPass(Assembled& parts);

  void Seek(int64_t epoch, int64_t batch) override { loader_.Seek(epoch, batch); }
  void BeginStep(const RunPosition& position) override { parts_.BeginStep(position); }
  absl::Status EndStep() override { return absl::OkStatus(); }
  absl::StatusOr<StepResult> Run(const ForwardContext& context, Reduction reduction, bool keep,
                                 bool last) override;
  const Batch& batch() const override { return batch_; }
  double data_seconds() const override {
    return loader_.seconds_waiting() + loader_.seconds_augmenting();
  }

 private:
  Assembled& parts_;
  Loader loader_;
  TrainStep step_;
  Batch batch_;
};

}  // namespace pretext
