// What a representation is worth, and what it must beat, as named figures.
//
//   knn, knn_k10, …   accuracy of nearest neighbours in h, percent (evaluation/knn), by vote
//   probe             accuracy of a linear classifier on h, percent (evaluation/probe)
//
// and the same of the baselines, under a prefix: raw_ (the samples' own values), pca_ (as many
// principal components as h has features), untrained_ (h before training). pca_test_mse is the mean
// squared error, a value, with which the principal components give test samples back: the bound of
// every linear autoencoder of that width.
//
// A figure that the data do not allow is left out: without labels there is no accuracy. Samples
// without a label, among others that have one, are left out of accuracies.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/work/work.h"
#include "core/plugin/augmentation.h"
#include "core/plugin/dataset.h"
#include "core/plugin/encoder.h"
#include "evaluation/features/features.h"
#include "evaluation/knn/knn.h"
#include "evaluation/probe/probe.h"

namespace pretext {

using NamedFigures = std::vector<std::pair<std::string, double>>;

struct RepresentationOptions {
  bool classify = true;  // k-NN and probe; without, of all this only pca_test_mse is left
  std::vector<KnnVote> knn = {{.neighbors = 200, .temperature = 0.1},
                              {.neighbors = 10, .temperature = 0}};
  bool probe = true;
  ProbeOptions probe_options;
  int64_t batch_size = 256;  // samples that go through an encoder at once
  int64_t max_train_samples = 0, max_test_samples = 0;  // drawn at random; 0: all
  Split split = Split::kTest;                           // what is measured
  bool reconstructs = true;  // samples are given back: pca_test_mse says how well PCA would
  std::vector<const Augmentation*> chain;     // what a view went through in training
  Precision precision = Precision::kFloat32;  // of the encoder
  // Is told what the first way to vote answered for each sample with a label, beside that label.
  std::function<void(const std::string& figure, const std::vector<int32_t>& labels,
                     const std::vector<int32_t>& answers)>
      on_answers;
  // Is told what is done under the prefix of its figures: "untrained k-NN".
  Work work;
};

// "knn" is the first way to vote, "knn_k10" or "knn_k10_t0.5" another.
std::string KnnName(const std::vector<KnnVote>& votes, size_t index);

// k-NN and probe of features, names after `prefix`.
absl::StatusOr<NamedFigures> ScoreFeatures(const std::string& prefix, Features train, Features test,
                                           const RepresentationOptions& options);

// k-NN and probe of an encoder's h. The dataset is loaded.
absl::StatusOr<NamedFigures> ScoreEncoder(const std::string& prefix, Encoder& encoder,
                                          const Dataset& dataset,
                                          const RepresentationOptions& options);

// Which votes of so many training samples ask all of them, in words.
std::vector<std::string> HollowVotes(const std::vector<KnnVote>& votes, int64_t samples);

// What makes figures hollow, in words: test samples that are training samples too, or of one value
// throughout, one class alone. Of `train` and `test` as RawSplit has them.
std::vector<std::string> HollowFigures(const Features& train, const Features& test,
                                       const RepresentationOptions& options);

// Whether principal components of samples of so many values are taken: where they give a figure,
// and not of more than Pca::kMaxSide values.
bool TakesComponents(int64_t values, bool reconstructs, bool classified);

// Of the samples' own values and their `pca_width` principal components (fewer where a sample has
// fewer values; 0: no PCA; none either where TakesComponents says no). The dataset
// is of images or vectors, loaded, and has a test split. `warnings`: HollowFigures, if anything was
// measured.
absl::StatusOr<NamedFigures> ScoreSamples(bool raw_input, int64_t pca_width, const Dataset& dataset,
                                          const RepresentationOptions& options,
                                          std::vector<std::string>* warnings = nullptr);

}  // namespace pretext
