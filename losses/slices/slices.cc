#include "losses/slices/slices.h"

#include <vector>

#include "base/parallel/parallel.h"
#include "base/random/random.h"
#include "core/ops/basic.h"
#include "losses/contrastive/contrastive_loss.h"
#include "losses/targets/targets.h"

namespace pretext {

void CheckViewsAlone(const BuildContext& context, FieldChecker& check) {
  CheckVectorsOfViews(context, /*least_views=*/2, check);
  CheckOwnTargets(context, check);
  check.Shape(context.target.is(FlowType::Kind::kNothing),
              "compares the views of the prediction with one another and has no use for a target. "
              "Leave out teacher { ... } and predictor { ... }");
}

Tensor RandomSlices(uint64_t seed, int64_t step, int64_t slices, int64_t features) {
  Tensor directions = Tensor::Uninitialized({slices, features});
  // Some thirty operations a normal number.
  ParallelFor(slices, 32 * features, [&](int64_t m) {
    Random random({.seed = seed,
                   .purpose = Purpose::kLoss,
                   .epoch = static_cast<uint32_t>(m),
                   .sample = static_cast<uint64_t>(step)});
    float* const row = directions.data() + m * features;
    for (int64_t d = 0; d < features; ++d) row[d] = random.Normal();
  });
  ScaleToUnitRows(directions);
  return directions;
}

Tensor SlicesOf(const Tape& tape, const RunPosition& position, int64_t slices, int64_t features) {
  const RunPosition& at = tape.recording() ? position : kBeforeTheRun;
  return RandomSlices(at.seed, at.step, slices, features);
}

Var DistanceToCenters(Tape& tape, const Prediction& prediction, int64_t samples) {
  const Var z = prediction.value;
  const std::vector<int64_t> targets = OwnTargetBlocks(prediction, samples);
  Var sum;
  for (const int64_t t : targets) {
    const Var block = BlockOf(tape, z, t, samples);
    sum = sum.defined() ? Add(tape, sum, block) : block;
  }
  const Var center = Scale(tape, sum, 1 / static_cast<float>(targets.size()));
  const std::vector<Var> centers(static_cast<size_t>(z.dim(0) / samples), center);
  const Var distance = Subtract(tape, z, Concat(tape, centers));
  return Scale(tape, SumOfSquares(tape, distance), 1 / static_cast<float>(z.value().size()));
}

}  // namespace pretext
