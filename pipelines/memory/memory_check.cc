#include "pipelines/memory/memory_check.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/text/counted.h"
#include "core/tensor/memory_pool.h"
#include "pipelines/assembly/combinations.h"
#include "pipelines/assembly/memory_estimate.h"
#include "pipelines/memory/declared.h"
#include "pipelines/memory/dry_run.h"
#include "pipelines/memory/gathered_loss.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/text/source_map.h"
#include "processes/gradient_sums.h"

namespace pretext {
namespace {

struct Share {
  double bytes;
  const char* what;
  const char* field;  // that asks for it
};

// The program is nobody's choice.
std::vector<Share> SharesOf(const Assembled& parts, const MemoryNeeds& needs) {
  const double encoder = ParameterBytes(parts.encoder->parameters());
  const char* model = 2 * encoder >= needs.parameters ? "encoder" : "head";
  const bool chunked = parts.config->train().chunk() > 0;
  return {{needs.parameters, "parameters and gradients", model},
          {needs.optimizer, "the optimizer's state", model},
          {needs.dataset, "the dataset", "dataset"},
          {needs.batches, "batches read ahead", "train.batch_size"},
          {needs.activations, "activations", chunked ? "train.chunk" : "train.batch_size"},
          {needs.evaluation, "evaluation", "evaluate"}};
}

std::string List(const Assembled& parts, const MemoryNeeds& needs) {
  std::vector<Share> shares = SharesOf(parts, needs);
  std::stable_sort(shares.begin(), shares.end(),
                   [](const Share& a, const Share& b) { return a.bytes > b.bytes; });
  std::vector<std::string> texts;
  for (const Share& share : shares) {
    if (share.bytes >= 0.005 * needs.total()) {
      texts.push_back(absl::StrCat(FormatBytes(share.bytes), " ", share.what));
    }
  }
  return absl::StrJoin(texts, ", ");
}

// Whether rows go through the model in pieces.
bool IsCut(const Assembled& parts) { return IsChunked(parts, parts.config->train().batch_size()); }

// The rows that go through the model together, as samples: of a batch, or of each block of this
// process.
double SamplesAtOnce(const Assembled& parts) {
  const double views = static_cast<double>(parts.views());
  const Pipeline::Train& train = parts.config->train();
  const double of_block =
      std::ceil(static_cast<double>(train.batch_size()) / std::max(1, train.blocks()));
  const double each =
      IsCut(parts) ? std::min(of_block, static_cast<double>(train.chunk()) / views) : of_block;
  return each * std::max(1, parts.blocks_of_process());
}

// Each block but the first has gradients of its own beside the model's, and what goes to other
// processes and comes from them is of one bucket at a time: own sums, others', the whole
// (processes/block_group.cc).
double GradientsOfBlocks(const Assembled& parts) {
  double gradients = 0;
  int64_t largest = 0;
  for (const Model::NamedSet& named : parts.trained_sets()) {
    gradients += static_cast<double>(named.set->count()) * sizeof(float);
    for (const Parameter& p : named.set->parameters()) largest = std::max(largest, p.shape.size());
  }
  const double bucket =
      static_cast<double>(BucketFloats(parts.processes) + largest) * sizeof(float);
  return gradients * std::max(0, parts.blocks_of_process() - 1) +
         (parts.processes > 1 ? 3 * bucket : 0);
}

// What to do about it, where the activations are too many.
std::string Advice(const Assembled& parts, const MemoryNeeds& needs, const MemoryLimit& limit) {
  // A chunk is of a batch, or of each block of this process.
  const int blocks = std::max(1, parts.blocks_of_process());
  const double at_once = SamplesAtOnce(parts) * static_cast<double>(parts.views()) / blocks;
  // What is of the whole batch stays as it is.
  const double whole = std::min(BytesOfGathered(parts).between_steps, needs.activations);
  const double room = limit.bytes - needs.throughout() - whole;
  const double fit = std::floor(0.9 * at_once * room / (needs.activations - whole));
  if (!(fit >= 1) || !(needs.activations > whole)) {
    return whole > 0 ? ". A smaller batch_size or a smaller model is needed"
                     : ". Smaller images or a smaller model are needed";
  }
  return absl::StrCat(". About ", Counted(static_cast<int64_t>(fit)),
                      " rows at once would fit: train { chunk: ", static_cast<int64_t>(fit),
                      " }, or a smaller batch_size");
}

absl::Status Refuse(const Assembled& parts, const MemoryNeeds& needs, const MemoryLimit& limit,
                    bool whole) {
  const std::vector<Share> shares = SharesOf(parts, needs);
  const Share& most =
      *std::max_element(shares.begin(), shares.end(),
                        [](const Share& a, const Share& b) { return a.bytes < b.bytes; });
  const bool activations = most.bytes == needs.activations && needs.activations > 0;
  SourceMap map = *parts.places;
  map.AddFaults(most.field, absl::InvalidArgumentError(absl::StrCat(
                                "the training needs ", whole ? "about " : "more than ",
                                FormatBytes(needs.total()), " of memory (", List(parts, needs),
                                "); ", limit.whose, " ", FormatBytes(limit.bytes),
                                activations ? Advice(parts, needs, limit) : "")));
  return map.status();
}

// Of space that is limited, and not of memory: the stacks of the threads that the dry run had not
// (blocks but one, the reader's, the gradients'), what tensors leave to libraries, and as much
// again that these come to take: code for the evaluation's products, tables of the report.
double SpaceBeside(const Assembled& parts, const MemoryLimit& limit) {
  if (limit.counts_resident()) return 0;
  rlimit stack;
  constexpr rlim_t kUsual = rlim_t{8} << 20;  // glibc's, where the shell's is unlimited
  const bool known = getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur != RLIM_INFINITY;
  const int threads = std::max(1, parts.blocks_of_process()) + (parts.processes > 1 ? 1 : 0);
  return threads * static_cast<double>(known ? stack.rlim_cur : kUsual) +
         2 * static_cast<double>(MemoryPool::headroom());
}

// h and z of the batch, or of this process's blocks, with a gradient and a copy: what chunks are
// put together from.
double ChunkedBytes(const Assembled& parts) {
  if (!IsCut(parts)) return 0;
  const Pipeline::Train& train = parts.config->train();
  const double share =
      std::max(1, parts.blocks_of_process()) / static_cast<double>(std::max(1, train.blocks()));
  const double rows = share * static_cast<double>(train.batch_size() * parts.views());
  return sizeof(float) * rows *
         static_cast<double>(parts.encoder->output().size() + 3 * parts.head->output().size());
}

// Of the encoder before training, which is evaluated beside the trained one.
double UntrainedBytes(const Assembled& parts) {
  const Pipeline::Evaluate& evaluate = parts.config->evaluate();
  const bool evaluated = IsClassified(parts) && evaluate.baselines().untrained_encoder();
  return evaluated ? ParameterBytes(parts.encoder->parameters()) : 0;
}

}  // namespace

absl::StatusOr<MemoryNeeds> CheckMemory(const Assembled& parts, const MemoryLimit& limit,
                                        bool evaluates) {
  // What is measured, then what the report shows, one after the other: the larger of them counts.
  // In both, files wait while features are made, before anything is done with these.
  const double waiting = WaitingInEvaluation(parts);
  const double measured = FeatureBytes(parts) + std::max(ClassifierBytes(parts), waiting);
  const double report = std::max(ReportBytes(parts), waiting), pairs = CountedPairsBytes(parts);
  MemoryNeeds needs{.program = limit.used(),
                    .parameters = EstimateMemory(parts).parameters + GradientsOfBlocks(parts),
                    .optimizer = OptimizerBytes(parts),
                    .dataset = parts.dataset->extent().bytes,
                    .batches = BatchBytes(parts) + BytesOfThreads(parts),
                    .evaluation = evaluates ? pairs + std::max(measured, report) : 0};
  if (!(needs.total() <= limit.bytes)) return Refuse(parts, needs, limit, /*whole=*/false);

  const Pipeline& config = *parts.config;
  const double at_once = SamplesAtOnce(parts);
  // The batch of the evaluation is no more than the samples there are.
  const DatasetExtent extent = parts.dataset->extent();
  int64_t evaluated = config.evaluate().batch_size();
  if (extent.train > 0) evaluated = std::min(evaluated, std::max(extent.train, extent.test));
  // The held-out loss is of batches and views as in training.
  if (!parts.head->output().is(FlowType::Kind::kTokenScores)) {
    int64_t held_out = config.train().batch_size();
    if (extent.test > 0) held_out = std::min(held_out, extent.test);
    const int64_t most = config.evaluate().max_test_samples();
    if (most > 0) held_out = std::min(held_out, most);
    evaluated = std::max(evaluated, held_out * parts.views());
  }
  const double room = limit.bytes - needs.throughout() + needs.parameters;
  const absl::StatusOr<DryRun> run =
      MeasurePasses(parts, limit, std::max<int64_t>(1, static_cast<int64_t>(std::ceil(at_once))),
                    evaluated, room);
  if (absl::IsResourceExhausted(run.status())) {
    needs.activations = limit.bytes - needs.throughout();
    return Refuse(parts, needs, limit, /*whole=*/false);
  }
  if (!run.ok()) return run.status();
  // With what the libraries have made for themselves by now.
  needs.program = limit.used() + SpaceBeside(parts, limit);
  const GatheredBytes gathered = BytesOfGathered(parts);
  needs.activations =
      run->step.At(at_once) + ChunkedBytes(parts) + gathered.in_step + MonitorBytes(parts);
  if (evaluates) {
    needs.evaluation = pairs + std::max(measured + UntrainedBytes(parts), report) +
                       run->evaluation.At(static_cast<double>(evaluated)) + gathered.between_steps;
  }
  if (!(needs.total() <= limit.bytes)) return Refuse(parts, needs, limit, /*whole=*/true);
  return needs;
}

absl::StatusOr<std::string> CheckAndDescribeMemory(const Assembled& parts, bool evaluates) {
  MemoryLimit limit = TightestMemoryLimit();
  // Of the machine's, or of a container's, each process has its share.
  if (limit.counts_resident() && parts.processes_here > 1) {
    const double all = limit.bytes;
    limit.bytes /= parts.processes_here;
    if (evaluates) {
      const absl::StatusOr<MemoryNeeds> other = CheckMemory(parts, limit, /*evaluates=*/false);
      if (!other.ok()) return other.status();
      limit.bytes = all - (parts.processes_here - 1) * other->total();
    }
  }
  const absl::StatusOr<MemoryNeeds> needs = CheckMemory(parts, limit, evaluates);
  if (!needs.ok()) return needs.status();
  return DescribeMemory(*needs, limit);
}

std::string DescribeMemory(const MemoryNeeds& needs, const MemoryLimit& limit) {
  const auto part = [](double bytes, const char* what) {
    return absl::StrCat(FormatBytes(bytes), " ", what);
  };
  return absl::StrCat(
      "memory         about ", FormatBytes(needs.total()), " of ", FormatBytes(limit.bytes), ": ",
      part(needs.parameters, "parameters and gradients, "), part(needs.optimizer, "optimizer, "),
      part(needs.activations, "activations, "), part(needs.batches, "batches, "),
      part(needs.dataset, "dataset, "), part(needs.evaluation, "evaluation\n"));
}

}  // namespace pretext
