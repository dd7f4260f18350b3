#include "losses/masked_patch_error/masked_patch_error.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "core/ops/record_loss.h"
#include "losses/masked_patch_error/masked_patch_error.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> MaskedPatchErrorLoss::Create(const MaskedPatchError& config,
                                                                   const BuildContext& context) {
  using Kind = FlowType::Kind;
  FieldChecker check;
  const FlowType &z = context.input, &view = context.view;
  CheckFlow(z, {Kind::kSequence},
            "takes the pixels of the masked patches, as the head MaeDecoder gives them; this head "
            "gives",
            check);
  CheckMaskedPatches(view, "compares", check);
  if (z.is(Kind::kSequence) && view.masked_patches()) {
    const FlowType fits =
        FlowType::Sequence(view.tokens - view.kept, view.patch * view.patch * view.channels);
    check.Shape(z == fits, absl::StrCat("takes the pixels of the masked patches, ", fits.ToString(),
                                        "; this head gives ", z.ToString()));
  }
  check.Shape(context.value_views.empty(),
              "compares with the pictures of one group of views; write views { count } instead");
  check.Positive("epsilon", config.epsilon());
  if (!check.ok()) return check.status();
  return std::make_unique<MaskedPatchErrorLoss>(view.patch, config.normalize(),
                                                static_cast<double>(config.epsilon()));
}

void MaskedPatchErrorLoss::Target(const Tensor& pictures, int64_t number, float* target) const {
  const int64_t channels = pictures.dim(1), height = pictures.dim(2), width = pictures.dim(3);
  const int64_t columns = width / patch_, patches = height / patch_ * columns;
  const int64_t n = number / patches, p = number % patches;
  const int64_t top = p / columns * patch_, left = p % columns * patch_;
  const float* const corner = pictures.data() + (n * channels * height + top) * width + left;
  float* to = target;
  for (int64_t i = 0; i < patch_; ++i) {
    for (int64_t j = 0; j < patch_; ++j) {
      for (int64_t c = 0; c < channels; ++c) *to++ = corner[(c * height + i) * width + j];
    }
  }
  if (!normalize_) return;
  const int64_t size = to - target;
  double sum = 0;
  for (int64_t e = 0; e < size; ++e) sum += target[e];
  const double mean = sum / static_cast<double>(size);
  double squares = 0;
  for (int64_t e = 0; e < size; ++e) squares += (target[e] - mean) * (target[e] - mean);
  const double variance = squares / static_cast<double>(std::max<int64_t>(1, size - 1));
  const double scale = 1 / std::sqrt(variance + epsilon_);
  for (int64_t e = 0; e < size; ++e) target[e] = static_cast<float>((target[e] - mean) * scale);
}

LossResult MaskedPatchErrorLoss::Compute(Tape& tape, const Prediction& prediction,
                                         const Batch& batch) {
  const Tensor z = prediction.value.value().Plain();
  const Tensor& masked = batch.masked_positions;
  const int64_t count = masked.size(), size = z.shape()[z.rank() - 1];
  PRETEXT_CHECK(
      count > 0 && z.size() == count * size && size == patch_ * patch_ * batch.input.dim(1),
      "a prediction of every masked patch");
  const bool gradient = prediction.value.requires_gradient();
  Tensor slope = gradient ? Tensor::Uninitialized(z.shape()) : Tensor();
  const auto all = static_cast<double>(z.size());
  const auto scale = static_cast<float>(2 / all);
  const double sum = ParallelSum(count, 16, 4 * size, [&](int64_t begin, int64_t end) {
    std::vector<float> target(static_cast<size_t>(size));
    double total = 0;
    for (int64_t m = begin; m < end; ++m) {
      Target(batch.input, masked.ints()[m], target.data());
      const float* const from = z.data() + m * size;
      for (int64_t e = 0; e < size; ++e) {
        const float difference = from[e] - target[static_cast<size_t>(e)];
        total += static_cast<double>(difference) * difference;
        if (gradient) slope.data()[m * size + e] = scale * difference;
      }
    }
    return total;
  });
  return {
      .loss = RecordLoss(tape, "masked_patch_error", sum / all, prediction.value, std::move(slope)),
      .weight = static_cast<double>(count)};
}

PRETEXT_REGISTER_LOSS(MaskedPatchErrorLoss, MaskedPatchError);

}  // namespace pretext
