#include "losses/masked_cross_entropy/masked_cross_entropy.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/ops/sequence.h"
#include "losses/masked_cross_entropy/masked_cross_entropy.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> MaskedCrossEntropyLoss::Create(const MaskedCrossEntropy&,
                                                                     const BuildContext& context) {
  FieldChecker check;
  check.Shape(
      context.input.is(FlowType::Kind::kTokenScores),
      absl::StrCat(
          "takes token scores, as the head MaskedLanguageModel gives them; this head gives ",
          context.input.ToString()));
  if (!check.ok()) return check.status();
  auto loss = std::make_unique<MaskedCrossEntropyLoss>();
  loss->vocabulary_ = context.input.vocabulary;
  return loss;
}

LossResult MaskedCrossEntropyLoss::Compute(Tape& tape, const Prediction& prediction,
                                           const Batch& batch) {
  int64_t correct = 0;
  LossResult result;
  result.loss = SoftmaxCrossEntropyLoss(tape, prediction.value, prediction.decoder_weight,
                                        prediction.decoder_bias, batch.masked_ids, &correct);
  result.weight = static_cast<double>(batch.masked());
  // Always there, 0 of none: figures of blocks are put together.
  result.metrics.emplace_back("accuracy",
                              static_cast<double>(correct) / std::max(1.0, result.weight));
  return result;
}

std::optional<double> MaskedCrossEntropyLoss::Chance(int64_t, int64_t) const {
  return std::log(static_cast<double>(vocabulary_));
}

PRETEXT_REGISTER_LOSS(MaskedCrossEntropyLoss, MaskedCrossEntropy);

}  // namespace pretext
