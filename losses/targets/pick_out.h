// Losses in which the prediction of a view picks something out for each target view of another: the
// mean over the pairs.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/autograd/autograd.h"
#include "losses/targets/targets.h"

namespace pretext {

struct PickedOut {
  Var loss;         // the mean over the pairs
  double accuracy;  // how often the right one was picked out, of the pairs' samples
};

// of_pair(pair, correct) gives the loss of a pair of views of N samples, and how many of these
// picked out the right one.
PickedOut MeanOverPairs(Tape& tape, const std::vector<ViewPair>& pairs, int64_t samples,
                        const std::function<Var(const ViewPair&, int64_t*)>& of_pair);

// The mean over samples of -log softmax_i(query_n · key_i)_n, a scalar: each query [N, D] picks out
// the key [N, D] of its own sample.
Var PickOut(Tape& tape, Var queries, Var keys, int64_t* correct);

}  // namespace pretext
