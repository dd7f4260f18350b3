// Training steps of pipelines: forward, backward and update on one batch that is there already, as
// the peers' steps.py times them.
//
//   bazel run //bench/train_step -- [--bf16] [--embed] [--checkpoint] [--batch N] PIPELINE ...
//
// The pipeline's name is the workload's variant; --bf16 takes products in bfloat16, --batch N as
// many images (of a pipeline of RandomImages), --checkpoint computes blocks again rather than to
// keep them. Contrastive pipelines are also timed as "NAME embed": h of the batch's rows, in
// evaluation mode; with --embed that alone.
#include "pipelines/train/train_step.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/measure/measure.h"
#include "cli/openmp.h"
#include "core/loader/loader.h"
#include "core/plugin/forward_pass.h"
#include "core/tensor/memory_pool.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

struct Options {
  bool bf16 = false, embed_only = false, checkpoint = false;
  int64_t batch = 0;  // 0: the pipeline's
};

absl::Status Run(const std::string& path, const Options& options) {
  const bool bf16 = options.bf16;
  std::vector<std::string> overrides;
  if (bf16) overrides.push_back("train { precision: BF16 }");
  if (options.checkpoint) overrides.push_back("train { gradient_checkpointing: true }");
  if (options.batch > 0) {
    overrides.push_back(absl::StrCat(
        "dataset { [type.googleapis.com/pretext.RandomImages] { samples: ", options.batch,
        " } } train { batch_size: ", options.batch, " }"));
  }
  absl::StatusOr<Assembled> assembled = AssembleFile(path, overrides);
  if (!assembled.ok()) return assembled.status();
  Assembled& parts = *assembled;
  if (absl::Status status = parts.dataset->Load(); !status.ok()) return status;
  const auto& train = parts.config->train();
  Loader loader(*parts.dataset, {.batch_size = train.batch_size(),
                                 .shuffle = true,
                                 .drop_last = true,
                                 .seed = train.seed(),
                                 .views = parts.chains,
                                 .groups = parts.group_sizes(),
                                 .clean = parts.loss->needs_clean()});
  Batch batch;
  if (absl::Status status = loader.Next(batch); !status.ok()) return status;
  MemoryPool::SetCompact(train.gradient_checkpointing());
  parts.Allocate(train.seed());
  parts.optimizer->Attach(parts.trained_parameters());
  TrainStep step(parts, train.chunk());
  const bool tokens = batch.type.is(FlowType::Kind::kTokens);
  const std::string& name = parts.config->name();
  int64_t number = 0;
  // The repeats that the pipeline's own number of steps asks for.
  const int repeats = static_cast<int>(train.steps());
  if (!options.embed_only)
    Measure({.name = "train step",
             .variant = name,
             .bfloat16 = bf16,
             .items = static_cast<double>(batch.samples * (tokens ? batch.type.tokens : 1)),
             .warmup = 3,
             .repeats = repeats},
            [&] {
              const RunPosition position{.step = number + 1, .total_steps = repeats + 3};
              parts.BeginStep(position);
              const ForwardContext context{.training = true,
                                           .gradient_checkpointing = train.gradient_checkpointing(),
                                           .precision = parts.precision(),
                                           .seed = train.seed(),
                                           .step = static_cast<uint64_t>(number)};
              const StepResult result = step.Run(batch, context, Reduction::kMean, /*keep=*/false);
              if (!result.non_finite.empty()) {
                std::fprintf(stderr, "not finite: %s\n", result.non_finite.c_str());
              }
              parts.optimizer->Step(++number, parts.optimizer->learning_rate(), 1.0);
              parts.EndStep(position);
            });
  if (batch.views < 2 || !batch.groups.empty()) return absl::OkStatus();
  Measure({.name = "embed",
           .variant = name + " embed",
           .bfloat16 = bf16,
           .items = static_cast<double>(batch.rows()),
           .warmup = 1,
           .repeats = repeats},
          [&] { PooledRows(*parts.encoder, batch, parts.precision()); });
  return absl::OkStatus();
}

}  // namespace
}  // namespace pretext

int main(int argc, char** argv) {
  pretext::ChooseWaiting(argv);  // as the program does
  pretext::Options options;
  int first = 1;
  for (; first < argc && argv[first][0] == '-'; ++first) {
    const std::string flag = argv[first];
    if (flag == "--bf16") {
      options.bf16 = true;
    } else if (flag == "--embed") {
      options.embed_only = true;
    } else if (flag == "--checkpoint") {
      options.checkpoint = true;
    } else if (flag == "--batch" && first + 1 < argc) {
      options.batch = std::atoll(argv[++first]);
    } else {
      std::fprintf(stderr, "%s: no such flag; known: --bf16 --embed --checkpoint --batch N\n",
                   argv[first]);
      return 2;
    }
  }
  for (int i = first; i < argc; ++i) {
    if (const absl::Status status = pretext::Run(argv[i], options); !status.ok()) {
      std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
      return 1;
    }
  }
}
