// NT-Xent and its relatives (nt_xent.h) of a batch whose rows lie in G blocks, none of which has
// the rows of the others: each computes its share, and rows travel in a ring.
//
//   block b: samples [first[b], first[b + 1]) of the batch, with all their views, row v·n + i of n
//
// Step 0: a block meets itself. Step s, up to G / 2: the rows of block (b + s) mod G are at block
// b, which has come to them one place a step; a pair of blocks meets once, and its similarities
// serve the rows of both. What a pair gives for the rows that travel goes on with them and comes
// home in the end. For G even the pairs of the last step are met at both ends, and each takes a
// half.
//
// A row's sum and gradient are put together in the order of steps: own pairs 0, 1 … G / 2, then
// what comes home, of the pairs with blocks b - 1, b - 2 …, one after the other. That order, and
// the tiles of at most 128 × 128 similarities within a pair, depend on the blocks alone, so the
// bits do not depend on the processes that share them; they are others than those of ComputeNtXent,
// which agree to rounding. R rows, as there 4·R²·D operations of all blocks together with the
// gradient.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/nt_xent/nt_xent.h"

namespace pretext {

// How the blocks reach one another; all call it at the same places (core/group/block_member.h).
class BlockRing {
 public:
  virtual ~BlockRing() = default;
  // What block (b + by) mod G gives, counts[that] words of four bytes, comes to block b in `taken`.
  virtual void Shift(int by, const void* given, const std::vector<int64_t>& counts,
                     void* taken) = 0;
  // `count` values of each block, in the order of blocks.
  virtual const double* Gather(const double* values, int64_t count) = 0;
};

// Of the whole batch, `whole`; labels, where there are any, of all its samples. first: [G + 1].
// x: [rows of this block, D]; gradient: the same of dloss/dx, overwritten (of no meaning unless
// kOk), or null. Result and status are the whole batch's, the same in all blocks. One thread.
NtXentResult ComputeNtXentOfBlock(const NtXentProblem& whole, const std::vector<int64_t>& first,
                                  int block, const float* x, float* gradient, BlockRing& ring);

// Of memory, beside x and the gradient, of a block of r of its G blocks' rows: own unit rows, those
// that are here and those that come next with their gradients, 5·r·D + 24·r floats, of one block
// alone r·D + 24·r; and the tiles that are kept, at most 24 MB / G.
double BytesOfNtXentBlock(int64_t rows, int64_t features, int blocks);

}  // namespace pretext
