// Classification by nearest neighbours in the feature space, by cosine:
// how near samples of one class lie.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/work/work.h"
#include "evaluation/features/features.h"

namespace pretext {

// One way to vote: each of the nearest training samples, by cosine, has a vote of exp(cosine /
// temperature) (Wu et al. 2018, Instance Discrimination, section 3.4), or one vote when the
// temperature is 0.
struct KnnVote {
  int64_t neighbors = 200;
  double temperature = 0.1;
};

// The accuracy on the test split of each way to vote, in percent.
// Of classes with equal votes the lowest wins.
//
// Features need not be normalised, and may be of any length and lie anywhere (by_cosine.h); a zero
// row has cosine 0 to everything. A training split smaller than the number of neighbours votes as a
// whole. Errors: those of CheckLabelled; fewer than 1 neighbour, a temperature that is negative or
// not finite; Cancelled (base/work/work.h).
absl::StatusOr<std::vector<double>> EvaluateKnn(const Features& train, const Features& test,
                                                const std::vector<KnnVote>& votes,
                                                const Work& work = Work());

// The class that each way to vote gives each test sample; errors as above.
absl::StatusOr<std::vector<std::vector<int32_t>>> PredictKnn(const Features& train,
                                                             const Features& test,
                                                             const std::vector<KnnVote>& votes,
                                                             const Work& work = Work());

}  // namespace pretext
