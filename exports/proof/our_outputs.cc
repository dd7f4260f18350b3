#include "exports/proof/our_outputs.h"

#include "base/parallel/parallel.h"

namespace pretext {
namespace {

// All tokens' scores t Eᵀ + c: [N·L, K].
Tensor Scores(const Prediction& z) {
  const Tensor t = z.value.value().Plain(), weight = z.decoder_weight.value().Plain(),
               bias = z.decoder_bias.value().Plain();
  const int64_t rows = t.dim(0), width = t.dim(1), vocabulary = weight.dim(0);
  Tensor scores = Tensor::Uninitialized({rows, vocabulary});
  ParallelFor(rows, 2 * vocabulary * width, [&](int64_t r) {
    for (int64_t k = 0; k < vocabulary; ++k) {
      double sum = bias.data()[k];
      for (int64_t d = 0; d < width; ++d)
        sum += double{t.data()[r * width + d]} * weight.data()[k * width + d];
      scores.data()[r * vocabulary + k] = static_cast<float>(sum);
    }
  });
  return scores;
}

}  // namespace

OurOutputs RunOurs(const ProofModel& model, Batch batch, const std::string& head_output) {
  OurOutputs ours;
  Tape tape(/*recording=*/false);
  const bool tokens = model.input.is(FlowType::Kind::kTokens);
  const Var x = tape.Constant(batch.input);
  const Var h = model.encoder->Forward(tape, x, batch, ForwardContext());
  if (tokens) {
    if (h.value().rank() == 3) ours["last_hidden_state"] = {h.value().Plain(), true};
    ours["sentence_embedding"] = {model.encoder->Pool(tape, h, batch).value().Plain(), false};
  } else {
    ours["features"] = {model.encoder->Pool(tape, h, batch).value().Plain(), false};
  }
  if (model.head == nullptr) return ours;
  ForwardContext context;
  context.part = PassPart::kHead;
  if (tokens) {
    batch.masked_positions = Tensor::Uninitialized({batch.input.size()}, DType::kInt32);
    for (int64_t i = 0; i < batch.input.size(); ++i)
      batch.masked_positions.ints()[i] = static_cast<int32_t>(i);
  }
  const Prediction z = model.head->Forward(tape, h, batch, context);
  const bool scores = z.decoder_weight.defined();
  ours[head_output] = {scores ? Scores(z) : z.value.value().Plain(), scores};
  return ours;
}

}  // namespace pretext
