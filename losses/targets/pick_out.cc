#include "losses/targets/pick_out.h"

#include <numeric>

#include "core/ops/sequence.h"
#include "losses/contrastive/contrastive_loss.h"

namespace pretext {

PickedOut MeanOverPairs(Tape& tape, const std::vector<ViewPair>& pairs, int64_t samples,
                        const std::function<Var(const ViewPair&, int64_t*)>& of_pair) {
  std::vector<Var> losses;
  int64_t found = 0;
  for (const ViewPair& pair : pairs) {
    int64_t correct = 0;
    losses.push_back(of_pair(pair, &correct));
    found += correct;
  }
  const auto compared = static_cast<double>(samples) * static_cast<double>(pairs.size());
  return {MeanOf(tape, losses), static_cast<double>(found) / compared};
}

Var PickOut(Tape& tape, Var queries, Var keys, int64_t* correct) {
  const int64_t n = queries.dim(0);
  Tensor own = Tensor::Uninitialized({n}, DType::kInt32);
  std::iota(own.ints(), own.ints() + n, 0);
  return SoftmaxCrossEntropyLoss(tape, queries, keys, Var(), own, correct);
}

}  // namespace pretext
