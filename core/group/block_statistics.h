// Statistics of a batch that is computed in blocks: what batch normalisation needs of all of them.
#pragma once

#include <cstdint>

#include "core/group/block_member.h"

namespace pretext {

// mean[c] and variance[c] (biased) of `count` values each become those of all blocks' values; the
// number of these is returned. Two blocks a and b are merged by (Chan et al. 1983, equation 2.1)
//
//   n = nₐ + n_b    mean = meanₐ + δ n_b / n    M = Mₐ + M_b + δ² nₐ n_b / n    δ = mean_b - meanₐ
//
// in double precision along the tree of blocks; M = n variance.
int64_t MergeMoments(BlockMember& block, int64_t channels, int64_t count, float* mean,
                     float* variance);

// values[i] becomes the sum of all blocks' by the tree.
void SumOverBlocks(BlockMember& block, int64_t count, float* values);

}  // namespace pretext
