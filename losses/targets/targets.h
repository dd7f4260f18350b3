// What the losses share that compare the prediction of one view with the target of another: the
// pairs of views, and what has to be there for them.
#pragma once

#include <cstdint>
#include <vector>

#include "core/plugin/build_context.h"
#include "core/plugin/field_checker.h"
#include "core/plugin/loss.h"

namespace pretext {

// Block `value` of N rows of the prediction and block `target` of N rows of its target, of
// different views of the same samples.
struct ViewPair {
  int64_t value, target;

  friend bool operator==(const ViewPair&, const ViewPair&) = default;
};

// All pairs of different views, those of a view of the prediction together. Empty lists of views
// stand for 0 to `blocks` - 1, as in Prediction.
std::vector<ViewPair> PairsOfViews(const std::vector<int64_t>& value_views, int64_t value_blocks,
                                   const std::vector<int64_t>& target_views, int64_t target_blocks);

// Those of a prediction of a batch of N samples. Without a target the prediction's own blocks of
// the target views stand for it.
std::vector<ViewPair> PairsOf(const Prediction& prediction, int64_t samples);

// Which block of the prediction each target view is, where there is no target.
std::vector<int64_t> OwnTargetBlocks(const Prediction& prediction, int64_t samples);

// Faults: a prediction that is no vector; no target where one is needed (nobody makes one: names
// teacher and predictor), or one of another width; no two views that differ.
void CheckTarget(const BuildContext& context, FieldChecker& check, bool needed = true);
// Faults where a loss takes some of the prediction's own views as targets: a target view that the
// prediction has not got.
void CheckOwnTargets(const BuildContext& context, FieldChecker& check);

// The target's rows [V'·N, D], each over its length: no gradient goes there.
Tensor UnitTarget(const Prediction& prediction);

// Rows [block · N, (block + 1) · N).
Var BlockOf(Tape& tape, Var rows, int64_t block, int64_t samples);

// Σ_d a_id b_id of a row, in double, summed over the rows of two tensors [R, D].
double SumOfProducts(const Tensor& a, const Tensor& b);

}  // namespace pretext
