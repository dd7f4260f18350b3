#include "pipelines/assembly/combinations.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/plugin/encoder.h"
#include "core/plugin/field_checker.h"
#include "core/plugin/head.h"
#include "core/plugin/loss.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/text/source_map.h"

namespace pretext {
namespace {

bool IsChunked(const Pipeline::Train& train, int64_t rows) {
  return train.chunk() > 0 && train.chunk() < rows;
}

// Samples of a batch that go through together at most, of the largest block of it.
int64_t MostTogether(const Pipeline::Train& train, int64_t samples) {
  return train.blocks() > 0 ? (samples + train.blocks() - 1) / train.blocks() : samples;
}

// Values of a feature in a row, of the layer with the fewest; 0: no layer, or not known.
int64_t FewestPositions(const Assembled& parts) {
  int64_t fewest = 0;
  for (const Model::NamedSet& part : parts.trained_sets()) {
    const int64_t positions = part.set->batch_statistics().value_or(0);
    if (positions > 0) fewest = fewest == 0 ? positions : std::min(fewest, positions);
  }
  return fewest;
}

// The fewest rows that statistics are of, of a batch or a block of so many samples.
int64_t StatisticsRowsOf(const Assembled& parts, int64_t samples) {
  const Pipeline::Train& train = parts.config->train();
  int64_t fewest = samples * parts.views();
  for (const ViewGroup& group : parts.groups) {
    const int64_t rows = samples * group.views;
    int64_t at_once = train.batch_norm() == Pipeline::Train::PER_VIEW ? samples : rows;
    if (IsChunked(train, rows)) {
      const int64_t rest = rows % train.chunk();
      at_once = rest > 0 ? rest : train.chunk();
    }
    fewest = std::min(fewest, at_once);
  }
  return fewest;
}

absl::Status CheckBest(const Assembled& parts) {
  const std::string& best = parts.config->checkpoints().best();
  FieldChecker check;
  if (!best.empty())
    check.Nested("best", FigureToChooseBy(best, FactsOfEvaluation(parts)).status());
  return check.status();
}

absl::Status CheckTarget(const Assembled& parts) {
  FieldChecker check;
  check.That(!parts.config->has_teacher() || parts.loss->takes_target(), "teacher",
             "gives the loss a target that it does not look at: leave it out, or take a loss such "
             "as pretext.NegativeCosine");
  return check.status();
}

// What is brought together of the blocks of a batch, for a loss that looks at all of it: vectors or
// values of its rows, not tokens or patches that stand masked.
absl::Status CheckBlocks(const Assembled& parts) {
  FieldChecker check;
  const FlowType& z = parts.head->output();
  const bool of_rows = z.is(FlowType::Kind::kVector) ||
                       (!z.is(FlowType::Kind::kTokenScores) && !parts.view.masked_patches());
  check.That(parts.config->train().blocks() == 0 || parts.loss->by_sample() || of_rows, "blocks",
             "is of a loss over samples, or of one over the batch that looks at a row a view; this "
             "one looks at the masked tokens or patches of the whole batch");
  return check.status();
}

absl::Status CheckGradientCheckpointing(const Assembled& parts) {
  FieldChecker check;
  check.That(!parts.config->train().gradient_checkpointing() || parts.encoder->has_checkpoints(),
             "gradient_checkpointing",
             "is of an encoder of blocks that can be computed again, a residual network or a "
             "transformer; this one keeps all of its values. Leave it out, or take `chunk`");
  return check.status();
}

absl::Status CheckWeightDecay(const Assembled& parts) {
  FieldChecker check;
  check.That(!parts.config->schedule().has_weight_decay() || parts.optimizer == nullptr ||
                 parts.optimizer->weight_decay().has_value(),
             "weight_decay", "is of an optimizer that has none to change");
  return check.status();
}

}  // namespace

absl::Status CheckEvaluation(const Assembled& parts, const AskedFigures& asked) {
  const Pipeline::Evaluate& evaluate = parts.config->evaluate();
  FieldChecker check;
  std::string why;
  if (parts.sample.is(FlowType::Kind::kTokens)) {
    why = "of text the masked language model's predictions are measured, and nothing is classified";
  } else if (!parts.dataset->labelled()) {
    why = "the dataset has no labels";
  } else if (!evaluate.classify()) {
    why = "classify is false";
  }
  if (why.empty()) return check.status();
  check.That(!asked.knn, "knn[0]", absl::StrCat("measures nothing: ", why));
  check.That(!asked.probe, "probe", absl::StrCat("measures nothing: ", why));
  return check.status();
}

AskedFigures FiguresAskedFor(const Pipeline& written) {
  if (written.has_version()) return {};
  return {.knn = written.evaluate().knn_size() > 0, .probe = written.evaluate().has_probe()};
}

int64_t StatisticsRows(const Assembled& parts, int64_t samples) {
  const Pipeline::Train& train = parts.config->train();
  // Pieces, and blocks by themselves, have statistics of their own rows; blocks are of two sizes.
  const bool apart = train.blocks() > 0 && (IsChunked(parts, samples) ||
                                            train.batch_norm() == Pipeline::Train::PER_BLOCK);
  if (!apart) return StatisticsRowsOf(parts, samples);
  const int64_t least = std::max<int64_t>(1, samples / train.blocks());
  return std::min(StatisticsRowsOf(parts, least),
                  StatisticsRowsOf(parts, MostTogether(train, samples)));
}

bool IsChunked(const Assembled& parts, int64_t samples) {
  return std::any_of(parts.groups.begin(), parts.groups.end(), [&](const ViewGroup& group) {
    return IsChunked(parts.config->train(),
                     MostTogether(parts.config->train(), samples) * group.views);
  });
}

bool HasBatchStatistics(const Assembled& parts) {
  const std::vector<Model::NamedSet> sets = parts.trained_sets();
  return std::any_of(sets.begin(), sets.end(), [](const Model::NamedSet& part) {
    return part.set->batch_statistics().has_value();
  });
}

absl::Status CheckBatch(const Assembled& parts, int64_t samples, const char* batch_field,
                        const char* which) {
  const Pipeline::Train& train = parts.config->train();
  FieldChecker check;
  check.That(samples >= parts.loss->least_samples(), batch_field,
             absl::StrCat("leaves ", which, " of ", samples, "; the loss tells samples from one ",
                          "another and needs ", parts.loss->least_samples(), " at least"));
  check.That(samples >= train.blocks(), batch_field,
             absl::StrCat("leaves ", which, " of ", samples, " for ", train.blocks(),
                          " blocks: each has a sample at least"));
  if (!HasBatchStatistics(parts)) return check.status();
  const int64_t rows = StatisticsRows(parts, samples);
  const int64_t positions = FewestPositions(parts);
  const bool chunked = IsChunked(parts, samples);
  check.That(
      positions == 0 || rows * positions > 1, chunked ? "chunk" : batch_field,
      absl::StrCat(
          "leaves batch normalisation a single value of a feature in ", chunked ? "a chunk" : which,
          ", which it makes 0 whatever the sample: all samples come out alike. ",
          chunked ? "Take a chunk that leaves 2 rows or more everywhere" : "Take more samples",
          ", or no batch normalisation"));
  check.That(!chunked || train.batch_norm() != Pipeline::Train::PER_VIEW, "chunk",
             "excludes batch_norm: PER_VIEW, since batch normalisation takes the statistics of a "
             "chunk; leave one of them out");
  return check.status();
}

bool Reconstructs(const Assembled& parts) {
  return parts.head != nullptr && parts.loss != nullptr && parts.loss->needs_clean() &&
         parts.head->output().size() == parts.sample.size();
}

bool IsClassified(const Assembled& parts) {
  return parts.config->evaluate().classify() && parts.dataset->labelled() &&
         !parts.sample.is(FlowType::Kind::kTokens);
}

bool MeasuresAgreement(const Assembled& parts) {
  return parts.sample.is(FlowType::Kind::kTokens) && parts.views() > 1 && parts.head != nullptr &&
         parts.head->output().is(FlowType::Kind::kVector);
}

bool ViewsAreAlike(const Assembled& parts) {
  const auto fixed = [](const Augmentation* a) { return !a->is_random(); };
  return std::all_of(parts.chains.begin(), parts.chains.end(), [&](const auto& chain) {
    return chain == parts.chains.front() && std::all_of(chain.begin(), chain.end(), fixed);
  });
}

Split JudgedSplit(const Assembled& parts) {
  return parts.config->evaluate().validation() > 0 ? Split::kValidation : Split::kTest;
}

HeldOutBatches BatchesOfHeldOutLoss(const Assembled& parts, Split split) {
  const int64_t most = parts.config->evaluate().max_test_samples();
  HeldOutBatches batches;
  batches.samples = parts.dataset->size(split);
  if (most > 0) batches.samples = std::min(batches.samples, most);
  const int64_t trained = parts.config->train().batch_size();
  batches.batch = std::min(trained, batches.samples);
  batches.enough = batches.samples >= parts.loss->least_samples();
  batches.smaller = !parts.loss->by_sample() && batches.batch < trained;
  return batches;
}

EvaluationFacts FactsOfEvaluation(const Assembled& parts) {
  const Pipeline::Evaluate& evaluate = parts.config->evaluate();
  EvaluationFacts facts{
      .language = parts.head->output().is(FlowType::Kind::kTokenScores),
      .reconstructs = Reconstructs(parts),
      .loss = evaluate.max_test_samples() == 0 ||
              evaluate.max_test_samples() >= parts.loss->least_samples(),
      .agreement = MeasuresAgreement(parts),
      .classified = IsClassified(parts),
      .probe = evaluate.every_epochs() == 0 || evaluate.probe().every_evaluation(),
      .knn = {},
      .validated = evaluate.validation() > 0};
  for (const Pipeline::Knn& knn : evaluate.knn()) facts.knn.push_back({knn.k(), knn.temperature()});
  return facts;
}

void CheckCombinations(const Assembled& parts, const AskedFigures& asked, SourceMap* map) {
  const int64_t samples = parts.config->train().batch_size();
  // One that is out of its range is a fault already.
  if (samples >= 1 && samples <= kMaxExtent) {
    map->AddFaults("train", CheckBatch(parts, samples, "batch_size", "a batch"));
  }
  map->AddFaults("", CheckTarget(parts));
  map->AddFaults("train", CheckBlocks(parts));
  map->AddFaults("train", CheckGradientCheckpointing(parts));
  map->AddFaults("schedule", CheckWeightDecay(parts));
  map->AddFaults("evaluate", CheckEvaluation(parts, asked));
  map->AddFaults("checkpoints", CheckBest(parts));
}

}  // namespace pretext
