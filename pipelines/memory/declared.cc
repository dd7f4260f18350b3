#include "pipelines/memory/declared.h"

#include <omp.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <deque>
#include <vector>

#include "core/loader/loader.h"
#include "core/plugin/registry.h"
#include "evaluation/language/language_baseline.h"
#include "evaluation/pca/pca.h"
#include "evaluation/probe/probe.h"
#include "evaluation/representation/representation.h"
#include "google/protobuf/any.pb.h"
#include "pipelines/assembly/combinations.h"
#include "pipelines/report_data/gather.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

constexpr double kBytes = sizeof(float);

// Of a parameter with that first extent.
double StateBytes(const Pipeline& config, const Parameter& like, int64_t first_extent) {
  auto optimizer = Registry<Optimizer>::Create(config.optimizer(), BuildContext());
  if (!optimizer.ok()) return 0;
  ParameterSet set;
  Shape shape = like.shape;
  shape[0] = first_extent;
  Parameter* small = set.Add(like.name, like.role, shape, Initializer::Constant(0));
  set.Allocate("dry", 0);
  (*optimizer)->Attach({small});
  double bytes = 0;
  for (const Optimizer::State& state : (*optimizer)->state()) {
    bytes += static_cast<double>(state.value.bytes());
  }
  return bytes;
}

double Numbers(const FlowType& type) { return static_cast<double>(type.size()); }

double Limited(int64_t samples, int64_t limit) {
  return static_cast<double>(limit > 0 ? std::min(samples, limit) : samples);
}

// Of so many principal components of so many rows (evaluation/pca): the matrix, the
// decomposition's copy of it and its vectors, in double precision; blocks of rows and a product in
// single, or a block of columns in double; the directions, and where rows are fewer than values,
// those that there are in double.
double DecompositionBytes(double rows, double width, double components) {
  const double side = rows > 0 ? std::min(rows, width) : width;
  const double blocks = side < width
                            ? 8 * (Pca::kBlockColumns * rows + width * std::min(components, rows))
                            : 4 * (width * width + 2 * Pca::kBlockRows * width);
  return 3 * 8 * side * side + blocks + kBytes * width * components;
}

// Of L-BFGS over a linear classifier's weights (evaluation/probe): the steps and gradients that it
// remembers.
double ProbeBytes(double width, double classes) {
  return 2 * kProbeHistory * sizeof(double) * (width + 1) * classes;
}

}  // namespace

double BatchBytes(const Assembled& parts) {
  const Pipeline::Train& train = parts.config->train();
  const auto samples = static_cast<double>(train.batch_size());
  const double sample = Numbers(parts.sample);
  const double waits = std::max(sample, parts.dataset->extent().sample_bytes / kBytes);
  double rows = 0, largest = 0;  // numbers of all views; of each as large as the larger of the two
  for (const ViewGroup& group : parts.groups) {
    const double of_group = samples * static_cast<double>(group.views), view = Numbers(group.type);
    rows += of_group * view;
    largest += of_group * std::max(waits, view);
  }
  // Batches that wait, the one that is being made, its rows on their way through the augmentations;
  // then the tensors of this batch, and of the next while both are there.
  const double waiting = samples * waits * (train.prefetch() + 1) + largest;
  const double clean = parts.loss->needs_clean() ? samples * sample : 0;
  return kBytes * (waiting + 2 * (rows + clean));
}

double WaitingInEvaluation(const Assembled& parts) {
  return parts.dataset->extent().sample_bytes * (LoaderOptions().prefetch + 1) *
         static_cast<double>(parts.config->evaluate().batch_size());
}

double BytesOfThreads(const Assembled& parts) {
  const int asked = parts.config->train().threads();
  const int threads = asked > 0 ? asked : omp_get_max_threads();
  return parts.dataset->extent().thread_bytes * (threads + std::max(0, parts.blocks_of_process()));
}

double OptimizerBytes(const Assembled& parts) {
  double bytes = 0;
  for (const Model::NamedSet& part : parts.trained_sets()) {
    for (const Parameter& parameter : part.set->parameters()) {
      if (parameter.frozen) continue;
      const double one = StateBytes(*parts.config, parameter, 1);
      const double two = StateBytes(*parts.config, parameter, 2);
      bytes += one + static_cast<double>(parameter.shape[0] - 1) * (two - one);
    }
  }
  return bytes;
}

// Whether the samples' principal components are taken.
bool IsDecomposed(const Assembled& parts) {
  return parts.config->evaluate().baselines().pca() &&
         TakesComponents(parts.sample.size(), Reconstructs(parts), IsClassified(parts));
}

double FeatureBytes(const Assembled& parts) {
  if (parts.sample.is(FlowType::Kind::kTokens)) return 0;
  const Pipeline::Evaluate& evaluate = parts.config->evaluate();
  const DatasetExtent extent = parts.dataset->extent();
  const double samples = Limited(extent.train, evaluate.max_train_samples()) +
                         Limited(extent.test, evaluate.max_test_samples());
  const bool classified = IsClassified(parts);
  const auto h = static_cast<double>(parts.encoder->features());
  const double raw = Numbers(parts.sample);
  double width = classified ? h : 0;
  if (evaluate.baselines().raw_input() && classified) width = std::max(width, raw);
  if (IsDecomposed(parts)) width = std::max(width, raw + std::min(h, raw));
  return kBytes * samples * width;
}

double ClassifierBytes(const Assembled& parts) {
  if (parts.sample.is(FlowType::Kind::kTokens)) return 0;
  const Pipeline::Evaluate& evaluate = parts.config->evaluate();
  const bool classified = IsClassified(parts);
  // Scores of a block of samples by a block of neighbours (kernels/knn), and what is kept of them.
  const double neighbours = classified ? 24e6 : 0;
  const auto h = static_cast<double>(parts.encoder->features());
  const double raw = Numbers(parts.sample);
  double width = h;
  if (evaluate.baselines().raw_input()) width = std::max(width, raw);
  // Not every dataset knows its classes before it is loaded.
  const int64_t classes = parts.dataset->classes() > 0 ? parts.dataset->classes() : 10;
  const double probe = classified ? ProbeBytes(width, static_cast<double>(classes)) : 0;
  const double train = Limited(parts.dataset->extent().train, evaluate.max_train_samples());
  return std::max({neighbours, probe,
                   IsDecomposed(parts) ? DecompositionBytes(train, raw, std::min(h, raw)) : 0});
}

double ReportBytes(const Assembled& parts) {
  const auto& output = parts.config->output();
  if (!output.report() && !output.tensorboard()) return 0;
  const DatasetExtent extent = parts.dataset->extent();
  const auto known = [](int64_t wanted, int64_t samples) {
    return static_cast<double>(samples > 0 ? std::min(wanted, samples) : wanted);
  };
  const bool validated = parts.config->evaluate().validation() > 0;
  const double shown = known(output.report_samples(), validated ? extent.train : extent.test);
  if (shown == 0) return 0;
  const double searched = known(GatherOptions().searched, extent.train);
  const auto h = static_cast<double>(parts.encoder->features());
  // The components; then t-SNE's two matrices of pairs.
  const double fitted = std::min(shown, static_cast<double>(GatherOptions::kFitted));
  const double map =
      std::max(DecompositionBytes(fitted, h, /*components=*/2), 2 * kBytes * shown * shown);
  double scores = 0;
  if (parts.head->output().is(FlowType::Kind::kTokenScores)) {
    // Of sequences with a blank in every sixth place.
    scores = kBytes * GatherOptions::kSequencesAtOnce / 6 *
             static_cast<double>(parts.view.tokens * parts.view.vocabulary);
  }
  return kBytes * shown * h + std::max({map, kBytes * searched * h, scores});
}

double CountedPairsBytes(const Assembled& parts) {
  if (!parts.head->output().is(FlowType::Kind::kTokenScores)) return 0;
  // An entry of absl::flat_hash_map: key, value and a byte; 7 of 8 places are taken at most, the
  // places are a power of two, and while they are doubled the old ones are there too.
  constexpr double kEntry = 17, kTokenBytes = 2;
  const double tokens = std::min(static_cast<double>(LanguageBaseline::kCountedTokens),
                                 parts.dataset->extent().bytes / kTokenBytes);
  const auto words = static_cast<double>(parts.sample.vocabulary);
  const double pairs = std::min(words * words, tokens / 3);
  const auto places = static_cast<double>(std::bit_ceil(static_cast<uint64_t>(pairs * 8 / 7)));
  return pairs < 1 ? 0 : 1.5 * places * kEntry;
}

}  // namespace pretext
