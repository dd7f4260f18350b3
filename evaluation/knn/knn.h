// Classification by nearest neighbours in the feature space, by cosine: how near samples of one
// class lie.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "evaluation/features/features.h"

namespace pretext {

struct KnnOptions {
  // Wu et al. 2018 (Instance Discrimination), section 3.4: each of `weighted_neighbors` votes
  // exp(cosine / temperature).
  int64_t weighted_neighbors = 200;
  double temperature = 0.1;
  // One vote each.
  int64_t plain_neighbors = 10;
};

// Accuracies on the test split in percent. Of classes with equal votes the lowest wins.
struct KnnAccuracy {
  double weighted = 0;
  double plain = 0;
};

// Features need not be normalised; a zero row has cosine 0 to everything. A training split smaller
// than the number of neighbours votes as a whole. Errors: those of CheckLabelled; options that are
// not positive.
absl::StatusOr<KnnAccuracy> EvaluateKnn(const Features& train, const Features& test,
                                        const KnnOptions& options);

}  // namespace pretext
