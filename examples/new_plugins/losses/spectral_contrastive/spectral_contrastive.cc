#include "losses/spectral_contrastive/spectral_contrastive.h"

#include <algorithm>
#include <vector>

#include "core/ops/basic.h"
#include "losses/contrastive/contrastive_loss.h"
#include "losses/spectral_contrastive/spectral_contrastive.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> SpectralContrastiveLoss::Create(
    const SpectralContrastive& config, const BuildContext& context) {
  FieldChecker check;
  check.NotNegative("repulsion", config.repulsion());
  CheckComparedViews(context, /*least_views=*/2, check);
  if (!check.ok()) return check.status();
  return std::make_unique<SpectralContrastiveLoss>(config.repulsion());
}

LossResult SpectralContrastiveLoss::Compute(Tape& tape, const Prediction& prediction,
                                            const Batch& batch) {
  const std::vector<Var> views = SliceViews(tape, prediction.value, batch);
  const auto n = static_cast<float>(batch.samples);
  std::vector<Var> pairs;
  for (size_t a = 0; a < views.size(); ++a) {
    for (size_t b = a + 1; b < views.size(); ++b) {
      const Var products = MatMul(tape, views[a], Transpose::kNo, views[b], Transpose::kYes);
      const Var attraction = Scale(tape, Sum(tape, Diagonal(tape, products)), -2 / n);
      const Var repulsion =
          Scale(tape, OffDiagonalSquares(tape, products), repulsion_ / (n * std::max(1.0f, n - 1)));
      pairs.push_back(Add(tape, attraction, repulsion));
    }
  }
  return {.loss = MeanOf(tape, pairs), .weight = static_cast<double>(batch.rows())};
}

PRETEXT_REGISTER_LOSS(SpectralContrastiveLoss, SpectralContrastive);

}  // namespace pretext
