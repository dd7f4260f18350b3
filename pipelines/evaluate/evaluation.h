// What a run is worth: figures on held-out samples, beside what they must beat.
//
// Where the pipeline keeps a validation split, its figures ("validation_…") are measured on the way
// and at the end, and the test split's at the end alone; else the test split's are.
//
// Samples as they are (of the augmentations what is not random: Augmentation::ApplyInEvaluation),
// the encoder in evaluation mode, h and never z. Names are those of evaluation/figures. By what
// flows:
//
//   images, vectors   the reconstruction error where the head is a decoder; the loss on views as in
//                     training; k-NN, linear probe and their baselines where there are labels
//                     (evaluation/representation)
//   tokens            of masked language models masked loss, its perplexity, accuracy, bits a
//                     character, beside unigram and bigram (evaluation/language); of others the
//                     loss on views as in training, and of vectors of two views how far they
//                     agree (evaluation/views)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/work/work.h"
#include "pipelines/assembly/assembly.h"

namespace pretext {

class LanguageBaseline;

struct Figures {
  std::vector<std::pair<std::string, double>> values;
  std::vector<std::string> warnings;
  int64_t samples = 0;  // of the split that counts: validation on the way, test at the end
  // Of a batch of the held-out loss, where that depends on it and is not the training's; or 0.
  int64_t loss_batch = 0;
  double seconds = 0;  // that measuring took
};

class Evaluation {
 public:
  // The parts outlive it; the dataset is loaded before Run. Without head and loss, of an encoder
  // that is used without what trained it, what needs them is left out.
  explicit Evaluation(Assembled& parts);
  ~Evaluation();

  // `last`: at the end of the run, where the probe always runs.
  // Baselines are measured once and kept. Cancelled when `work` is told to stop.
  absl::StatusOr<Figures> Run(bool last, const Work& work);

  // Of the latest Run: what nearest neighbours in h answered for the samples that are judged by,
  // beside their classes. Empty where they were not asked.
  struct Answers {
    std::string figure;  // "knn", "validation_knn"
    std::vector<int32_t> labels, answers;
  };
  const Answers& answers() const { return answers_; }
  // Counts of the training text; null where there is none, or they were not needed yet.
  const LanguageBaseline* counts() const { return counts_.get(); }

 private:
  // Of one split; names of the validation split's figures begin with "validation_".
  absl::Status Measure(Split split, bool last, const Work& work, Figures& figures);
  absl::Status Reconstruction(Split split, const Work& work, Figures& figures);
  absl::Status HeldOutLoss(Split split, const Work& work, Figures& figures);
  absl::Status Representation(Split split, bool last, const Work& work, Figures& figures);
  absl::Status MeasureBaselines(const Work& work, Figures& figures);
  absl::Status Language(Split split, const Work& work, Figures& figures);
  bool HasHead() const { return parts_.head != nullptr && parts_.loss != nullptr; }

  Assembled& parts_;
  std::vector<std::pair<std::string, double>> baselines_;
  bool baselines_measured_ = false;
  Answers answers_;
  std::unique_ptr<LanguageBaseline> counts_;  // of the training text; null until they are needed
};

// The figures as lines for a person: a figure and its baselines side by side.
std::string FormatFigures(const Figures& figures);

}  // namespace pretext
