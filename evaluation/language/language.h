// What a masked language model is worth: its loss on held-out text, beside what counting reaches.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/work/work.h"
#include "core/plugin/augmentation.h"
#include "core/plugin/dataset.h"
#include "core/plugin/encoder.h"
#include "core/plugin/head.h"
#include "core/plugin/loss.h"
#include "evaluation/language/language_baseline.h"

namespace pretext {

struct LanguageOptions {
  int64_t batch_size = 256;  // sequences
  int64_t limit = 0;         // of the held-out sequences, drawn at random; 0: all
  Split split = Split::kTest;
  // Names the masks: equal seeds, equal masks, so that runs and evaluations within a run compare.
  uint64_t seed = 0;
  Precision precision = Precision::kFloat32;
  Work work;
};

struct LanguageFigures {
  // masked_loss (nats a masked token), masked_perplexity (its exponential),
  // masked_bits_per_character, and, where
  // the loss reports an accuracy, masked_accuracy (percent); the first three also of the baselines,
  // as unigram_… and bigram_….
  std::vector<std::pair<std::string, double>> values;
  // Set when the loss is hardly better than the unigram's: the model has learnt how frequent words
  // are and nothing else.
  std::string warning;
};

// Masks the held-out split with `masking` (the pipeline's augmentations), and takes
// the loss over all targets of it, in evaluation mode. The figures of a baseline
// are measured on the same targets. Errors: those of Dataset::Read; Cancelled (base/work/work.h).
absl::StatusOr<LanguageFigures> MeasureLanguage(Encoder& encoder, Head& head, Loss& loss,
                                                const Dataset& dataset,
                                                const std::vector<const Augmentation*>& masking,
                                                const LanguageBaseline& baseline,
                                                const LanguageOptions& options);

}  // namespace pretext
