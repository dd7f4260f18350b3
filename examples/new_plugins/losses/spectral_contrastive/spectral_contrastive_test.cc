#include "losses/spectral_contrastive/spectral_contrastive.h"

#include <gtest/gtest.h>

#include "core/autograd/gradient_check.h"
#include "losses/spectral_contrastive/spectral_contrastive.pb.h"

namespace pretext {
namespace {

TEST(SpectralContrastiveLoss, ValueAndGradientAreThoseOfTheEquation) {
  constexpr int64_t kSamples = 5, kFeatures = 4;
  Batch batch;
  batch.samples = kSamples;
  batch.views = 2;
  SpectralContrastiveLoss loss(0.7f);
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& z) {
        return loss.Compute(tape, {.value = z[0]}, batch).loss;
      },
      {RandomTensor({2 * kSamples, kFeatures}, 1)},
      [&](const std::vector<Doubles>& at) {
        const double repulsion = 0.7f;
        double sum = 0;
        for (int64_t i = 0; i < kSamples; ++i) {
          for (int64_t j = 0; j < kSamples; ++j) {
            double product = 0;
            for (int64_t d = 0; d < kFeatures; ++d)
              product += at[0][i * kFeatures + d] * at[0][(kSamples + j) * kFeatures + d];
            sum += i == j ? -2 * product / kSamples
                          : repulsion * product * product / (kSamples * (kSamples - 1));
          }
        }
        return Doubles{sum};
      }));
}

}  // namespace
}  // namespace pretext
