#include "pipelines/evaluate/evaluation.h"

#include <algorithm>

#include "core/loader/loader.h"
#include "core/plugin/forward_pass.h"
#include "core/plugin/registry.h"
#include "evaluation/language/language.h"
#include "evaluation/representation/representation.h"
#include "kernels/reconstruction/reconstruction.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

RepresentationOptions MakeOptions(const Assembled& parts, bool probe, const Work& work) {
  const Pipeline::Evaluate& config = parts.config->evaluate();
  RepresentationOptions options{.classify = config.classify(),
                                .knn = {},
                                .probe = probe,
                                .batch_size = config.batch_size(),
                                .max_train_samples = config.max_train_samples(),
                                .max_test_samples = config.max_test_samples(),
                                .chain = parts.chains[0],
                                .work = work};
  for (const Pipeline::Knn& knn : config.knn()) options.knn.push_back({knn.k(), knn.temperature()});
  options.probe_options = {.decay = config.probe().l2(),
                           .max_iterations = config.probe().max_iterations(),
                           .work = work};
  return options;
}

void Append(std::vector<std::pair<std::string, double>>& figures, const NamedFigures& more) {
  figures.insert(figures.end(), more.begin(), more.end());
}

// The encoder as it was before the first step: initial values are a function of the seed.
absl::StatusOr<std::unique_ptr<Encoder>> MakeUntrained(const Assembled& parts) {
  const BuildContext context{.input = parts.view,
                             .sample = parts.sample,
                             .views = parts.views(),
                             .labelled = parts.dataset->labelled(),
                             .tokenizer = parts.dataset->tokenizer()};
  auto encoder = Registry<Encoder>::Create(parts.config->encoder(), context);
  if (encoder.ok()) (*encoder)->parameters().Allocate("encoder", parts.config->train().seed());
  return encoder;
}

}  // namespace

Evaluation::Evaluation(Assembled& parts) : parts_(parts) {}
Evaluation::~Evaluation() = default;

absl::StatusOr<Figures> Evaluation::Run(bool last, const Work& work) {
  Figures figures;
  if (parts_.dataset->size(Split::kTest) == 0) return figures;
  if (absl::Status s = Reconstruction(work, figures); !s.ok()) return s;
  if (parts_.head->output().is(FlowType::Kind::kTokenScores)) {
    if (absl::Status s = Language(work, figures); !s.ok()) return s;
  } else if (!parts_.sample.is(FlowType::Kind::kTokens)) {
    if (absl::Status s = Representation(last, work, figures); !s.ok()) return s;
  }
  return figures;
}

// Whether the head gives samples back: its output has the sample's kind and size.
absl::Status Evaluation::Reconstruction(const Work& work, Figures& figures) {
  const FlowType output = parts_.head->output();
  const bool decoder = parts_.loss->needs_clean() && output.size() == parts_.sample.size();
  if (!decoder) return absl::OkStatus();
  const auto& config = parts_.config->evaluate();
  Loader loader(*parts_.dataset, {.split = Split::kTest,
                                  .batch_size = config.batch_size(),
                                  .limit = config.max_test_samples(),
                                  .views = {parts_.chains[0]},
                                  .evaluation = true,
                                  .clean = true});
  double sum = 0;
  Batch batch;
  for (int64_t b = 0; b < loader.batches_per_epoch(); ++b) {
    absl::Status s = work.Tell(
        "reconstruction", static_cast<double>(b) / static_cast<double>(loader.batches_per_epoch()));
    if (s.ok()) s = loader.Next(batch);
    if (!s.ok()) return s;
    Tape tape(/*recording=*/false);
    const ForwardPass pass = Forward(tape, *parts_.encoder, *parts_.head, batch, ForwardContext());
    const Tensor r = parts_.loss->Reconstruction(pass.z.value.value().Plain());
    sum += SquaredError(r.size(), r.data(), batch.clean.data(), 1, nullptr);
  }
  const auto elements = static_cast<double>(loader.samples() * parts_.sample.size());
  figures.values.emplace_back("test_mse", sum / elements);
  return absl::OkStatus();
}

absl::Status Evaluation::Language(const Work& work, Figures& figures) {
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
                                         .seed = parts_.config->train().seed(),
                                         .work = work});
  if (!measured.ok()) return measured.status();
  Append(figures.values, measured->values);
  if (!measured->warning.empty()) figures.warnings.push_back(measured->warning);
  return absl::OkStatus();
}

absl::Status Evaluation::Representation(bool last, const Work& work, Figures& figures) {
  const Pipeline::Evaluate& config = parts_.config->evaluate();
  const bool probe = last || config.probe().every_evaluation();
  const auto scores =
      ScoreEncoder("", *parts_.encoder, *parts_.dataset, MakeOptions(parts_, probe, work));
  if (!scores.ok()) return scores.status();
  Append(figures.values, *scores);
  if (!baselines_measured_) {
    if (absl::Status s = MeasureBaselines(work); !s.ok()) return s;
    baselines_measured_ = true;
  }
  Append(figures.values, baselines_);
  return absl::OkStatus();
}

absl::Status Evaluation::MeasureBaselines(const Work& work) {
  baselines_.clear();
  const Pipeline::Evaluate& config = parts_.config->evaluate();
  const RepresentationOptions options = MakeOptions(parts_, /*probe=*/true, work);
  const auto samples = ScoreSamples(config.baselines().raw_input(),
                                    config.baselines().pca() ? parts_.encoder->features() : 0,
                                    *parts_.dataset, options);
  if (!samples.ok()) return samples.status();
  Append(baselines_, *samples);
  if (!config.baselines().untrained_encoder()) return absl::OkStatus();
  const auto untrained = MakeUntrained(parts_);
  if (!untrained.ok()) return untrained.status();
  const auto scores = ScoreEncoder("untrained_", **untrained, *parts_.dataset, options);
  if (!scores.ok()) return scores.status();
  Append(baselines_, *scores);
  return absl::OkStatus();
}

}  // namespace pretext
