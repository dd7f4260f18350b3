#include "losses/reconstruction/reconstruction_loss.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "core/ops/record_loss.h"
#include "core/plugin/field_checker.h"

namespace pretext {

absl::Status CheckReconstruction(const BuildContext& context) {
  using Kind = FlowType::Kind;
  const FlowType &z = context.input, &sample = context.sample;
  FieldChecker check;
  if (!z.is(Kind::kNothing)) {
    check.Shape(z.is(Kind::kImage) || z.is(Kind::kVector),
                absl::StrCat("compares images or vectors; the head gives ", z.ToString()));
  }
  if (!z.is(Kind::kNothing) && !sample.is(Kind::kNothing)) {
    check.Shape(
        (sample.is(Kind::kImage) || sample.is(Kind::kVector)) && z.size() == sample.size(),
        absl::StrCat("compares with the clean sample, ", sample.ToString(), "; the head gives ",
                     z.ToString(), ". Use a decoder, such as pretext.MlpDecoder, as the head"));
  }
  return check.status();
}

void CheckReachesTargets(const BuildContext& context, FieldChecker& check) {
  const FlowType &z = context.input, &sample = context.sample;
  if (!z.range || !sample.range) return;
  check.Shape(z.range->Holds(*sample.range),
              absl::StrCat("compares with the clean sample, ", sample.ToStringWithRange(),
                           "; the head gives values in ", z.range->ToString(),
                           " alone. Leave its output_activation IDENTITY, or scale the samples to "
                           "what it gives"));
}

LossResult ReconstructionLoss(Tape& tape, const char* operation, Var reconstruction,
                              const Batch& batch, ReconstructionKernel kernel) {
  const Tensor r = reconstruction.value().Plain();
  const int64_t elements = batch.clean.size();  // of one view
  PRETEXT_CHECK(r.size() == elements * batch.views, "a reconstruction of every view");
  const bool gradient = reconstruction.requires_gradient();
  const float scale = 1.0f / static_cast<float>(r.size());
  Tensor slope = gradient ? Tensor::Uninitialized(r.shape()) : Tensor();
  double sum = 0;
  for (int64_t v = 0; v < batch.views; ++v) {
    sum += kernel(elements, r.data() + v * elements, batch.clean.data(), scale,
                  gradient ? slope.data() + v * elements : nullptr);
  }
  const Var result = RecordLoss(tape, operation, sum / static_cast<double>(r.size()),
                                reconstruction, std::move(slope));
  return {.loss = result, .weight = static_cast<double>(batch.rows())};
}

}  // namespace pretext
