// Cross-entropy of a softmax with distributions that other views give: what clustering (SwAV) and
// self-distillation (DINO) share.
#pragma once

#include <cstdint>
#include <vector>

#include "core/autograd/autograd.h"
#include "core/tensor/tensor.h"
#include "losses/targets/targets.h"

namespace pretext {

// softmax((scores - center) / temperature) of each row of [R, K], plain; center [K], or undefined:
// none. With `entropy`, the mean of the rows' entropies: from 0 to ln K.
Tensor SoftmaxOfRows(const Tensor& scores, const Tensor& center, float temperature,
                     double* entropy = nullptr);

// The exponential of the entropy of the rows' mean: how many of the K the targets of a batch use, 1
// to K.
double EffectiveCount(const Tensor& targets);

// The mean over pairs of a view v of the scores and a view t of the targets, and over samples:
//
//   L = -1/(P N) Σ_{(v,t)} Σ_n Σ_k targets_tnk log softmax(scores_vn / temperature)_k
//
// scores [V·N, K]; targets [V'·N, K], plain, each row a distribution over the K. The gradient goes
// to the scores alone. One pass over the scores, whatever the number of targets of a view. The same
// bits whatever the number of threads; a NaN in either makes the loss NaN.
Var SoftCrossEntropy(Tape& tape, Var scores, const Tensor& targets,
                     const std::vector<ViewPair>& pairs, int64_t samples, float temperature);

}  // namespace pretext
