#include "pipelines/evaluate/evaluation.h"

#include <algorithm>
#include <utility>

#include "core/loader/loader.h"
#include "core/plugin/forward_pass.h"
#include "core/plugin/registry.h"
#include "core/tensor/memory_pool.h"
#include "evaluation/figures/figures.h"
#include "evaluation/language/language.h"
#include "evaluation/representation/representation.h"
#include "evaluation/views/views.h"
#include "kernels/reconstruction/reconstruction.h"
#include "pipelines/assembly/combinations.h"
#include "pipelines/assembly/model_flow.h"
#include "pipelines/evaluate/representation_options.h"
#include "pipelines/initialize/initialization.h"
#include "pipelines/model/passes.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

// What the names of a split's figures begin with, but for those that name the test split.
std::string Prefix(Split split) { return split == Split::kValidation ? "validation_" : ""; }

RepresentationOptions MakeOptions(const Assembled& parts, Split split, bool probe,
                                  const Work& work) {
  RepresentationOptions options = OptionsOf(parts.config->evaluate(), work);
  options.probe = probe;
  options.split = split;
  options.chain = parts.chains[0];
  options.precision = parts.precision();
  return options;
}

void Append(std::vector<std::pair<std::string, double>>& figures, const NamedFigures& more) {
  figures.insert(figures.end(), more.begin(), more.end());
}

// The encoder as it was before the first step: initial values are a function of the seed, or come
// from where the training's came from.
absl::StatusOr<std::unique_ptr<Encoder>> MakeUntrained(const Assembled& parts) {
  auto encoder = Registry<Encoder>::Create(parts.config->encoder(), EncoderContext(parts));
  if (!encoder.ok()) return encoder;
  ParameterSet& set = (*encoder)->parameters();
  set.Allocate("encoder", parts.config->train().seed());
  if (parts.initialization != nullptr) {
    const absl::Status status = parts.initialization->Apply("encoder", set);
    if (!status.ok()) return status;
  }
  return encoder;
}

}  // namespace

Evaluation::Evaluation(Assembled& parts) : parts_(parts) {}
Evaluation::~Evaluation() = default;

absl::StatusOr<Figures> Evaluation::Run(bool last, const Work& work) {
  Figures figures;
  answers_ = {};
  const bool validated = parts_.config->evaluate().validation() > 0;
  if (validated) {
    if (absl::Status s = Measure(Split::kValidation, last, work, figures); !s.ok()) return s;
  }
  if (!validated || last) {
    if (parts_.dataset->size(Split::kTest) == 0) {
      figures.warnings.push_back(
          "the dataset has no test split, and nothing is measured on it: give it samples of its "
          "own "
          "for that, or a share of the others by held_out");
      return figures;
    }
    if (absl::Status s = Measure(Split::kTest, last, work, figures); !s.ok()) return s;
  }
  return figures;
}

absl::Status Evaluation::Measure(Split split, bool last, const Work& work, Figures& figures) {
  const int64_t most = parts_.config->evaluate().max_test_samples();
  figures.samples = parts_.dataset->size(split);
  if (most > 0) figures.samples = std::min(figures.samples, most);
  if (HasHead() && parts_.head->output().is(FlowType::Kind::kTokenScores))
    return Language(split, work, figures);
  if (absl::Status s = Reconstruction(split, work, figures); !s.ok()) return s;
  if (HasHead()) {
    if (absl::Status s = HeldOutLoss(split, work, figures); !s.ok()) return s;
  }
  if (parts_.sample.is(FlowType::Kind::kTokens)) return absl::OkStatus();
  return Representation(split, last, work, figures);
}

namespace {

// The encoder is in evaluation mode. Views that are alike differ by dropout alone, which is on
// then, as in training.
ForwardContext ContextOfViews(const Assembled& parts, int64_t batch) {
  ForwardContext context{.precision = parts.precision()};
  if (parts.views() < 2 || !ViewsAreAlike(parts)) return context;
  context.dropout_in_evaluation = true;
  context.seed = parts.config->train().seed();
  context.step = static_cast<uint64_t>(batch);
  return context;
}

}  // namespace

// The loss of batches and views as in training, the augmentations' random numbers being those of
// epoch 0, and the encoder in evaluation mode; of views of texts how far they agree.
absl::Status Evaluation::HeldOutLoss(Split split, const Work& work, Figures& figures) {
  const auto& config = *parts_.config;
  const HeldOutBatches batches = BatchesOfHeldOutLoss(parts_, split);
  if (!batches.enough) return absl::OkStatus();
  if (batches.smaller && split == JudgedSplit(parts_)) figures.loss_batch = batches.batch;
  Loader loader(*parts_.dataset, {.split = split,
                                  .batch_size = batches.batch,
                                  // A loss of pairs depends on their number.
                                  .drop_last = !parts_.loss->by_sample(),
                                  .seed = config.train().seed(),
                                  .limit = config.evaluate().max_test_samples(),
                                  .views = parts_.chains,
                                  .groups = parts_.group_sizes(),
                                  .clean = parts_.loss->needs_clean()});
  MemoryPool::Trim();  // of another size of batch
  double sum = 0, weight = 0, alignment = 0, uniformity = 0, weight_of_views = 0;
  Batch batch;
  for (int64_t b = 0; b < loader.batches_per_epoch(); ++b) {
    absl::Status s =
        work.Tell("loss", static_cast<double>(b) / static_cast<double>(loader.batches_per_epoch()));
    if (s.ok()) s = loader.Next(batch);
    if (!s.ok()) return s;
    Tape tape(/*recording=*/false);
    const WholePass pass = PassWhole(tape, parts_, batch, ContextOfViews(parts_, b));
    const LossResult loss = parts_.loss->Compute(tape, pass.prediction, BatchOfLoss(parts_, batch));
    sum += loss.weight * static_cast<double>(loss.loss.value().item());
    weight += loss.weight;
    if (!MeasuresAgreement(parts_) || batch.samples < 2) continue;
    const ViewAgreement views = MeasureViews(pass.prediction.value.value(), batch.samples);
    alignment += loss.weight * views.alignment;
    uniformity += loss.weight * views.uniformity;
    weight_of_views += loss.weight;
  }
  if (weight > 0) figures.values.emplace_back(FigureName("loss", split), sum / weight);
  if (weight_of_views > 0) {
    figures.values.emplace_back(FigureName("alignment", split), alignment / weight_of_views);
    figures.values.emplace_back(FigureName("uniformity", split), uniformity / weight_of_views);
  }
  return absl::OkStatus();
}

absl::Status Evaluation::Reconstruction(Split split, const Work& work, Figures& figures) {
  if (!Reconstructs(parts_)) return absl::OkStatus();
  const auto& config = parts_.config->evaluate();
  Loader loader(*parts_.dataset, {.split = split,
                                  .batch_size = config.batch_size(),
                                  .limit = config.max_test_samples(),
                                  .views = {parts_.chains[0]},
                                  .evaluation = true,
                                  .clean = true});
  double sum = 0;
  int64_t last_samples = 0;
  Batch batch;
  for (int64_t b = 0; b < loader.batches_per_epoch(); ++b) {
    absl::Status s = work.Tell(
        "reconstruction", static_cast<double>(b) / static_cast<double>(loader.batches_per_epoch()));
    if (s.ok()) s = loader.Next(batch);
    if (!s.ok()) return s;
    if (batch.samples != std::exchange(last_samples, batch.samples)) MemoryPool::Trim();
    Tape tape(/*recording=*/false);
    const ForwardPass pass =
        Forward(tape, *parts_.encoder, *parts_.head, batch, {.precision = parts_.precision()});
    const Tensor r = parts_.loss->Reconstruction(pass.z.value.value().Plain());
    sum += SquaredError(r.size(), r.data(), batch.clean.data(), 1, nullptr);
  }
  const auto elements = static_cast<double>(loader.samples() * parts_.sample.size());
  figures.values.emplace_back(FigureName("mse", split), sum / elements);
  return absl::OkStatus();
}

absl::Status Evaluation::Language(Split split, const Work& work, Figures& figures) {
  if (counts_ == nullptr) {
    absl::StatusOr<LanguageBaseline> counts =
        LanguageBaseline::Count(*parts_.dataset, LanguageBaseline::kCountedTokens, work);
    if (!counts.ok()) return counts.status();
    counts_ = std::make_unique<LanguageBaseline>(*std::move(counts));
  }
  const Pipeline::Evaluate& config = parts_.config->evaluate();
  const auto measured = MeasureLanguage(*parts_.encoder, *parts_.head, *parts_.loss,
                                        *parts_.dataset, parts_.chains[0], *counts_,
                                        {.batch_size = config.batch_size(),
                                         .limit = config.max_test_samples(),
                                         .split = split,
                                         .seed = parts_.config->train().seed(),
                                         .precision = parts_.precision(),
                                         .work = work});
  if (!measured.ok()) return measured.status();
  for (const auto& [name, value] : measured->values) {
    if (split == Split::kTest || !OfBaseline(name))
      figures.values.emplace_back(Prefix(split) + name, value);
  }
  if (!measured->warning.empty()) figures.warnings.push_back(measured->warning);
  return absl::OkStatus();
}

absl::Status Evaluation::Representation(Split split, bool last, const Work& work,
                                        Figures& figures) {
  const Pipeline::Evaluate& config = parts_.config->evaluate();
  const bool probe = last || config.probe().every_evaluation();
  RepresentationOptions options = MakeOptions(parts_, split, probe, work);
  if (split == JudgedSplit(parts_)) {
    options.on_answers = [this](const std::string& figure, const std::vector<int32_t>& labels,
                                const std::vector<int32_t>& answers) {
      answers_ = {figure, labels, answers};
    };
  }
  const auto scores = ScoreEncoder(Prefix(split), parts_.kept_encoder(), *parts_.dataset, options);
  if (!scores.ok()) return scores.status();
  Append(figures.values, *scores);
  if (split != Split::kTest) return absl::OkStatus();
  if (!baselines_measured_) {
    if (absl::Status s = MeasureBaselines(work, figures); !s.ok()) return s;
    baselines_measured_ = true;
  }
  Append(figures.values, baselines_);
  return absl::OkStatus();
}

absl::Status Evaluation::MeasureBaselines(const Work& work, Figures& figures) {
  baselines_.clear();
  const Pipeline::Evaluate& config = parts_.config->evaluate();
  RepresentationOptions options = MakeOptions(parts_, Split::kTest, /*probe=*/true, work);
  options.reconstructs = Reconstructs(parts_);
  std::vector<std::string> warnings;
  const auto samples = ScoreSamples(config.baselines().raw_input(),
                                    config.baselines().pca() ? parts_.encoder->features() : 0,
                                    *parts_.dataset, options, &warnings);
  if (!samples.ok()) return samples.status();
  Append(baselines_, *samples);
  figures.warnings.insert(figures.warnings.end(), warnings.begin(), warnings.end());
  if (!config.baselines().untrained_encoder()) return absl::OkStatus();
  const auto untrained = MakeUntrained(parts_);
  if (!untrained.ok()) return untrained.status();
  const auto scores = ScoreEncoder("untrained_", **untrained, *parts_.dataset, options);
  if (!scores.ok()) return scores.status();
  Append(baselines_, *scores);
  return absl::OkStatus();
}

}  // namespace pretext
