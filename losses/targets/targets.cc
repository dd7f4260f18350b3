#include "losses/targets/targets.h"

#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "core/ops/basic.h"
#include "core/plugin/check_flow.h"
#include "kernels/reduce/dot_product.h"

namespace pretext {
namespace {

int64_t ViewAt(const std::vector<int64_t>& views, int64_t block) {
  return views.empty() ? block : views[static_cast<size_t>(block)];
}

int64_t CountOf(const std::vector<int64_t>& views, int64_t otherwise) {
  return views.empty() ? otherwise : static_cast<int64_t>(views.size());
}

int64_t BlocksOf(Var rows, const std::vector<int64_t>& views, int64_t samples) {
  const int64_t blocks = rows.dim(0) / samples;
  PRETEXT_CHECK(rows.value().rank() == 2 && rows.dim(0) == blocks * samples &&
                    CountOf(views, blocks) == blocks,
                "a row of every sample for each view");
  return blocks;
}

}  // namespace

std::vector<ViewPair> PairsOfViews(const std::vector<int64_t>& value_views, int64_t value_blocks,
                                   const std::vector<int64_t>& target_views,
                                   int64_t target_blocks) {
  std::vector<ViewPair> pairs;
  for (int64_t v = 0; v < value_blocks; ++v) {
    for (int64_t t = 0; t < target_blocks; ++t) {
      if (ViewAt(value_views, v) != ViewAt(target_views, t)) pairs.push_back({v, t});
    }
  }
  return pairs;
}

std::vector<ViewPair> PairsOf(const Prediction& prediction, int64_t samples) {
  const int64_t values = BlocksOf(prediction.value, prediction.views, samples);
  const int64_t targets = prediction.target.defined()
                              ? BlocksOf(prediction.target, prediction.target_views, samples)
                              : CountOf(prediction.target_views, values);
  return PairsOfViews(prediction.views, values, prediction.target_views, targets);
}

std::vector<int64_t> OwnTargetBlocks(const Prediction& prediction, int64_t samples) {
  const int64_t values = BlocksOf(prediction.value, prediction.views, samples);
  std::vector<int64_t> blocks;
  for (int64_t t = 0; t < CountOf(prediction.target_views, values); ++t) {
    int64_t v = 0;
    while (v < values && ViewAt(prediction.views, v) != ViewAt(prediction.target_views, t)) ++v;
    PRETEXT_CHECK(v < values, "a target view of the prediction's, as Create has asked for");
    blocks.push_back(v);
  }
  return blocks;
}

void CheckTarget(const BuildContext& context, FieldChecker& check, bool needed) {
  const FlowType &z = context.input, &target = context.target;
  const bool fits = CheckFlow(z, {FlowType::Kind::kVector}, "compares vectors; it is given", check);
  const bool has_target = !target.is(FlowType::Kind::kNothing);
  if (needed && !check.Shape(has_target,
                             "compares the prediction with a target, and nothing makes one. Give "
                             "the pipeline a teacher { ... }, a predictor { ... }, or both")) {
    return;
  }
  if (has_target && fits && z.is(FlowType::Kind::kVector)) {
    check.Shape(target == z, absl::StrCat("compares vectors of one width; the prediction is ",
                                          z.ToString(), " and its target ", target.ToString(),
                                          ". Let the predictor's output be as wide as the head's"));
  }
  const int64_t values = CountOf(context.value_views, context.views);
  const int64_t targets = CountOf(context.target_views, context.views);
  check.Shape(
      !PairsOfViews(context.value_views, values, context.target_views, targets).empty(),
      absl::StrCat("compares each view with the target of another view; there are ", values,
                   " and ", targets, ", none of them different. ",
                   context.named_groups
                       ? "Give a group another view, group { count: 2 ... }, or let teacher { "
                         "views } or, without one, views { target } name another group"
                       : "Set views { count: 2 ... }"));
}

void CheckOwnTargets(const BuildContext& context, FieldChecker& check) {
  for (const int64_t target : context.target_views) {
    bool seen = context.value_views.empty() && target < context.views;
    for (const int64_t view : context.value_views) seen |= view == target;
    check.Shape(seen, absl::StrCat("takes view ", target,
                                   " of the prediction for a target; the encoder is not given that "
                                   "view"));
  }
}

Tensor UnitTarget(const Prediction& prediction) {
  Tape values(/*recording=*/false);
  return NormalizeRows(values, values.Constant(prediction.target.value().Plain())).value();
}

Var BlockOf(Tape& tape, Var rows, int64_t block, int64_t samples) {
  return Slice(tape, rows, block * samples, (block + 1) * samples);
}

double SumOfProducts(const Tensor& a, const Tensor& b) {
  PRETEXT_CHECK(a.shape() == b.shape(), "two tensors of one shape");
  return DotProduct(a.size(), a.data(), b.data());
}

}  // namespace pretext
