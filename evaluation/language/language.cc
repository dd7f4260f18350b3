#include "evaluation/language/language.h"

#include <cmath>
#include <cstring>
#include <numbers>

#include "absl/strings/str_format.h"
#include "core/loader/loader.h"
#include "core/plugin/forward_pass.h"
#include "evaluation/language/unigram_plateau.h"

namespace pretext {
absl::StatusOr<LanguageFigures> MeasureLanguage(Encoder& encoder, Head& head, Loss& loss,
                                                const Dataset& dataset,
                                                const std::vector<const Augmentation*>& masking,
                                                const LanguageBaseline& baseline,
                                                const LanguageOptions& options) {
  if (dataset.size(options.split) == 0) return LanguageFigures();
  Loader loader(dataset, {.split = options.split,
                          .batch_size = options.batch_size,
                          .seed = options.seed,
                          .limit = options.limit,
                          .views = {masking}});
  LanguageBaseline::Sums counting;
  double nats = 0, weight = 0, correct = 0;
  bool has_accuracy = false;
  Batch batch;
  for (int64_t b = 0; b < loader.batches_per_epoch(); ++b) {
    absl::Status status = options.work.Tell(
        "masked loss", static_cast<double>(b) / static_cast<double>(loader.batches_per_epoch()));
    if (status.ok()) status = loader.Next(batch);
    if (!status.ok()) return status;
    if (batch.masked() == 0) continue;
    Tape tape(/*recording=*/false);
    const ForwardPass pass = Forward(tape, encoder, head, batch, {.precision = options.precision});
    const LossResult result = loss.Compute(tape, pass.z, batch);
    nats += static_cast<double>(result.loss.value().item()) * result.weight;
    weight += result.weight;
    for (const auto& [name, value] : result.metrics) {
      if (std::strcmp(name, "accuracy") != 0) continue;
      correct += value * result.weight;
      has_accuracy = true;
    }
    baseline.Add(batch, counting);
  }
  LanguageFigures figures;
  if (counting.targets == 0) return figures;
  const double characters = dataset.characters_per_token(options.split);
  const double masked = nats / weight;
  const auto targets = static_cast<double>(counting.targets);
  const double unigram = counting.unigram / targets, bigram = counting.bigram / targets;
  const auto add = [&](const std::string& prefix, double loss_in_nats) {
    figures.values.emplace_back(prefix + "masked_loss", loss_in_nats);
    figures.values.emplace_back(prefix + "masked_perplexity", std::exp(loss_in_nats));
    if (characters > 0) {
      figures.values.emplace_back(prefix + "masked_bits_per_character",
                                  loss_in_nats / std::numbers::ln2 / characters);
    }
  };
  add("", masked);
  if (has_accuracy) figures.values.emplace_back("masked_accuracy", 100 * correct / weight);
  add("unigram_", unigram);
  add("bigram_", bigram);
  // Written so that a loss that is not a number warns too.
  if (masked > (1 + kUnigramPlateau) * unigram) {
    figures.warning = absl::StrFormat(
        "the held-out masked loss, %.3f nats, is above the %.3f that the frequencies of single "
        "tokens give: not even these have been learnt yet. Train longer, or look at the learning "
        "rate (too small, too high, or no warmup).",
        masked, unigram);
  } else if (!(masked < (1 - kUnigramPlateau) * unigram)) {
    figures.warning = absl::StrFormat(
        "the held-out masked loss, %.3f nats, is %s the %.3f that the frequencies of single tokens "
        "give: the model has learnt those and %s of the context. Train longer, or look at the "
        "learning rate (too high, or no warmup), the batch size (too small), and for repeated "
        "documents.",
        masked, masked < unigram ? "hardly better than" : "no better than", unigram,
        masked < unigram ? "next to nothing" : "nothing");
  }
  return figures;
}

}  // namespace pretext
