#include "pipelines/train/evaluation.h"

#include <algorithm>

#include "core/loader.h"
#include "kernels/reconstruction/reconstruction.h"
#include "pipelines/pipeline.pb.h"

namespace pretext {

Evaluation::Evaluation(Assembled& parts) : parts_(parts) {}
Evaluation::~Evaluation() = default;

absl::StatusOr<Figures> Evaluation::Run(bool last) {
  Figures figures;
  if (parts_.dataset->size(Split::kTest) == 0) return figures;
  if (absl::Status s = Reconstruction(figures); !s.ok()) return s;
  (void)last;
  return figures;
}

// Whether the head gives samples back: its output has the sample's kind and size.
absl::Status Evaluation::Reconstruction(Figures& figures) {
  const FlowType output = parts_.head->output();
  const bool decoder = parts_.loss->needs_clean() && output.size() == parts_.sample.size();
  if (!decoder) return absl::OkStatus();
  const auto& config = parts_.config->evaluate();
  Loader loader(*parts_.dataset, {.split = Split::kTest,
                                  .batch_size = config.batch_size(),
                                  .limit = config.max_test_samples()});
  double sum = 0;
  Batch batch;
  for (int64_t b = 0; b < loader.batches_per_epoch(); ++b) {
    if (absl::Status s = loader.Next(batch); !s.ok()) return s;
    Tape tape(/*recording=*/false);
    const ForwardContext context;
    const Var x = tape.Constant(batch.input);
    const Var h = parts_.encoder->Forward(tape, x, batch, context);
    const Tensor r = parts_.loss->Reconstruction(
        parts_.head->Forward(tape, h, batch, context).value.value().Plain());
    sum += SquaredError(r.size(), r.data(), batch.input.data(), 1, nullptr);
  }
  const auto elements = static_cast<double>(loader.samples() * parts_.sample.size());
  figures.values.emplace_back("test_mse", sum / elements);
  return absl::OkStatus();
}

}  // namespace pretext
