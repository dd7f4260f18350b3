#include "pipelines/memory/dry_run.h"

#include <omp.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <new>

#include "core/loader/loader.h"
#include "core/plugin/forward_pass.h"
#include "core/tensor/memory_pool.h"
#include "pipelines/assembly/build_model.h"
#include "pipelines/memory/gathered_loss.h"
#include "pipelines/memory/synthetic_samples.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/train/train_step.h"

namespace pretext {
namespace {

constexpr double kSeconds = 2;  // of all threads, for each of the two kinds of pass
constexpr double kSecondsInDoubt = 10;
constexpr int kLeastMeasurements = 3;
// Later steps touch somewhat more: blocks of memory come back in other places.
constexpr double kLaterSteps = 1.1;

// Restores the pool when the dry run is over, however it ends.
class PoolGuard {
 public:
  explicit PoolGuard(double most_bytes) {
    MemoryPool::Trim();
    MemoryPool::SetLimit(MemoryPool::stats().bytes_held + static_cast<int64_t>(most_bytes));
  }
  ~PoolGuard() {
    MemoryPool::SetLimit(0);
    MemoryPool::Trim();
  }
  PoolGuard(const PoolGuard&) = delete;
  PoolGuard& operator=(const PoolGuard&) = delete;
};

absl::StatusOr<Batch> SyntheticBatch(const Assembled& parts, int64_t samples, bool evaluation) {
  const SyntheticSamples dataset(parts, samples);
  // What changes tokens may learn of the vocabulary once, at its first sample: not here.
  const bool tokens = parts.sample.is(FlowType::Kind::kTokens);
  std::vector<std::vector<const Augmentation*>> chains = parts.chains;
  std::vector<int64_t> groups = parts.group_sizes();
  if (evaluation) {
    chains.resize(1);
    groups.clear();
  }
  if (tokens) chains.assign(chains.size(), {});
  Loader loader(dataset, {.batch_size = samples,
                          .prefetch = 1,
                          .views = chains,
                          .groups = groups,
                          .evaluation = evaluation && !tokens,
                          .clean = parts.loss->needs_clean()});
  Batch batch;
  if (absl::Status status = loader.Next(batch); !status.ok()) return status;
  return batch;
}

// What a pass comes to: what the pool comes to hold beside what it has in use; where the limit
// counts what is resident, as much of that as is touched (of the scratch memory of convolutions a
// half is not).
double BytesOf(const MemoryLimit& limit, const std::function<void()>& pass) {
  MemoryPool::Trim();
  const double resident_before = limit.used();
  const int64_t before = MemoryPool::stats().bytes_held;
  pass();
  const auto held = static_cast<double>(MemoryPool::stats().bytes_held - before);
  if (!limit.counts_resident()) return held;
  return std::clamp(kLaterSteps * (limit.used() - resident_before), 0.0, held);
}

// Passes of a rising number of samples: most / 2^k, so that the rounding of sizes by the pool is
// the same share of each.
absl::StatusOr<PassMemory> Measure(const Assembled& parts, const MemoryLimit& limit, int64_t least,
                                   int64_t most, bool evaluation, double most_bytes,
                                   const std::function<void(const Batch&)>& pass) {
  int halvings = 0;
  while ((most >> (halvings + 1)) >= least) ++halvings;
  PassMemory memory;
  double seconds = 0;
  for (; halvings >= 0; --halvings) {
    const int64_t samples = most >> halvings;
    const absl::StatusOr<Batch> batch = SyntheticBatch(parts, samples, evaluation);
    if (!batch.ok()) return batch.status();
    const std::clock_t start = std::clock();
    const double bytes = BytesOf(limit, [&] { pass(*batch); });
    // What it has computed, whatever else the machine does meanwhile.
    const double passed = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    // The libraries make their code in the first, unless it is long by itself.
    const double took = passed / omp_get_max_threads();
    if (memory.measurements() > 0 || took > kSeconds) seconds += took;
    memory.Add(samples, bytes);
    // The next takes as long as all before it together, and twice the memory. Where it is not
    // plain whether the whole fits, it is worth more time.
    if (2 * bytes > most_bytes) break;
    const double whole = memory.At(static_cast<double>(most));
    const bool plain = whole <= most_bytes || whole > 8 * most_bytes;
    const bool enough = memory.measurements() >= kLeastMeasurements || seconds > kSeconds;
    if (enough && 2 * seconds > (plain ? kSeconds : kSecondsInDoubt)) break;
  }
  return memory;
}

absl::StatusOr<DryRun> MeasureModel(const Assembled& parts, Model& model, const MemoryLimit& limit,
                                    int64_t step_samples, int64_t evaluation_samples,
                                    double most_bytes) {
  const uint64_t seed = parts.config->train().seed();
  model.Allocate(seed);
  MemoryPool::SetCompact(parts.config->train().gradient_checkpointing());
  const auto times =
      static_cast<double>(parts.config->train().batch_size()) / static_cast<double>(step_samples);
  const bool whole = IsJudgedWhole(parts);
  const auto train = [&](const Batch& batch) {
    const ForwardContext context{
        .training = true,
        .gradient_checkpointing = parts.config->train().gradient_checkpointing(),
        .views = batch.views,
        .batch_norm = parts.batch_norm(),
        .precision = parts.precision()};
    model.BeginStep({});
    GatheredLoss gathered(model, times);
    TrainStep step(model, /*chunk=*/0, whole ? &gathered : nullptr);
    step.Run(batch, context, Reduction::kMean, /*keep=*/true);
  };
  const auto evaluate = [&](const Batch& batch) {
    Tape values(/*recording=*/false);
    Forward(values, *model.encoder, *model.head, batch, {.precision = parts.precision()});
  };
  const int64_t least = std::min(step_samples, model.loss->least_samples());
  DryRun run;
  absl::StatusOr<PassMemory> memory =
      Measure(parts, limit, least, step_samples, /*evaluation=*/false, most_bytes, train);
  if (!memory.ok()) return memory.status();
  run.step = *std::move(memory);
  memory = Measure(parts, limit, 1, evaluation_samples, /*evaluation=*/true, most_bytes, evaluate);
  if (!memory.ok()) return memory.status();
  run.evaluation = *std::move(memory);
  return run;
}

}  // namespace

double PassMemory::At(double samples) const {
  const auto [last, bytes] = points_.back();
  if (points_.size() == 1) return bytes * samples / static_cast<double>(last);
  const auto [before, fewer] = points_[points_.size() - 2];
  const double slope = (bytes - fewer) / static_cast<double>(last - before);
  return bytes + std::max(0.0, slope) * (samples - static_cast<double>(last));
}

absl::StatusOr<DryRun> MeasurePasses(const Assembled& parts, const MemoryLimit& limit,
                                     int64_t step_samples, int64_t evaluation_samples,
                                     double most_bytes) {
  const PoolGuard guard(most_bytes);  // outlives the model's tensors
  absl::StatusOr<Model> model = BuildModel(parts);
  if (!model.ok()) return model.status();
  try {
    return MeasureModel(parts, *model, limit, step_samples, evaluation_samples, most_bytes);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("no memory for the fewest samples");
  }
}

}  // namespace pretext
