#include "heads/masked_language_model/masked_language_model.h"

#include "absl/strings/str_cat.h"
#include "core/layers/activation_config.h"
#include "core/ops/basic.h"
#include "core/plugin/bert_settings.h"
#include "heads/masked_language_model/masked_language_model.pb.h"

namespace pretext {
namespace {

ForeignNames BertNames(const MaskedLanguageModel& config) {
  ForeignNames names;
  names.program = kHuggingFaceBert;
  const std::string predictions = "cls.predictions.", transform = predictions + "transform.";
  names.tensors = {{"dense.weight", {transform + "dense.weight"}},
                   {"dense.bias", {transform + "dense.bias"}},
                   {"norm.weight", {transform + "LayerNorm.weight"}},
                   {"norm.bias", {transform + "LayerNorm.bias"}},
                   {"decoder.bias", {predictions + "bias"}, "vocabulary"}};
  names.copies = {{predictions + "decoder.weight", "embeddings.word_embeddings.weight"},
                  {predictions + "decoder.bias", predictions + "bias"}};
  names.settings = {BertActivation(config.activation()), BertEpsilon(config.epsilon())};
  return names;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Head>> MaskedLanguageModelHead::Create(
    const MaskedLanguageModel& config, const BuildContext& context) {
  FieldChecker check;
  const FlowType& input = context.input;
  Parameter* const embedding = context.token_embedding;
  if (check.Shape(input.is(FlowType::Kind::kSequence),
                  absl::StrCat("takes a sequence, features for each token; the encoder gives ",
                               input.ToString())) &&
      check.Shape(embedding != nullptr,
                  "shares the encoder's token embedding, but this encoder has none")) {
    check.Shape(embedding->shape[1] == input.features,
                absl::StrCat("shares the encoder's token embedding of ", embedding->shape[1],
                             " features; the encoder gives ", input.features));
  }
  check.Shape(!context.view.is(FlowType::Kind::kTokens) || context.view.masked,
              "has nothing to learn from: no token is masked; add views { augmentation { "
              "[type.googleapis.com/pretext.TokenMasking] {} } }");
  check.Positive("epsilon", config.epsilon());
  check.Positive("initial_deviation", config.initial_deviation());
  if (!check.ok()) return check.status();

  auto head = std::make_unique<MaskedLanguageModelHead>();
  ParameterSet& set = head->parameters();
  const int64_t width = input.features, vocabulary = embedding->shape[0];
  head->output_ = FlowType::TokenScores(width, vocabulary);
  head->activation_ = ToActivation(config.activation());
  head->dense_.weight = set.Add("dense.weight", Role::kWeight, {width, width},
                                Initializer::TruncatedNormal(config.initial_deviation()));
  head->dense_.bias = set.Add("dense.bias", Role::kBias, {width}, Initializer::Constant(0));
  head->norm_ = LayerNormLayer::Declare(set, "norm", width, config.epsilon());
  head->decoder_bias_ =
      set.Add("decoder.bias", Role::kBias, {vocabulary}, Initializer::Constant(0));
  head->embedding_ = embedding;
  head->foreign_names_ = {BertNames(config)};
  return head;
}

Prediction MaskedLanguageModelHead::Forward(Tape& tape, Var h, const Batch& batch,
                                            const ForwardContext&) {
  if (h.value().rank() == 3) {
    h = Rows(tape, Reshape(tape, h, {h.dim(0) * h.dim(1), h.dim(2)}), batch.masked_positions);
  }
  const Var t = LayerNorm(tape, dense_(tape, h, activation_), norm_);
  return {.value = t,
          .decoder_weight = InPrecision(tape, tape.Use(*embedding_)),
          .decoder_bias = tape.Use(*decoder_bias_)};
}

PRETEXT_REGISTER_HEAD(MaskedLanguageModelHead, MaskedLanguageModel);

}  // namespace pretext
