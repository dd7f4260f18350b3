#include "encoders/transformer/transformer.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/layers/activation_config.h"
#include "core/ops/basic.h"
#include "core/plugin/transformer_fields.h"
#include "encoders/transformer/bert_names.h"
#include "encoders/transformer/transformer.pb.h"

namespace pretext {
namespace {

TokenBatch TokensOf(const Tensor& ids, const Batch& batch) {
  return {.samples = ids.dim(0),
          .tokens = ids.dim(1),
          .ids = ids,
          .segments = batch.segments,
          .lengths = batch.lengths};
}

int64_t FeedForwardWidth(const Transformer& config) {
  return config.has_feed_forward() ? config.feed_forward() : 4 * config.width();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Encoder>> TransformerEncoder::Create(const Transformer& config,
                                                                    const BuildContext& context) {
  FieldChecker check;
  const FlowType& input = context.input;
  const bool tokens = check.Shape(input.is(FlowType::Kind::kTokens),
                                  absl::StrCat("takes tokens; it is given ", input.ToString()));
  check.InRange("layers", config.layers(), 1, kMostTransformerLayers);
  const bool width = check.Extent("width", config.width());
  CheckHeads(config, width, check);
  if (width || config.has_feed_forward()) check.Extent("feed_forward", FeedForwardWidth(config));
  check.InRange("segments", config.segments(), 0, kMaxCount);
  check.Positive("epsilon", config.epsilon());
  check.InHalfOpenRange("dropout", config.dropout(), 0, 1);
  check.InHalfOpenRange("attention_dropout", config.attention_dropout(), 0, 1);
  check.Positive("initial_deviation", config.initial_deviation());
  const int64_t vocabulary = config.has_vocabulary() ? config.vocabulary() : input.vocabulary;
  const int64_t positions = config.has_positions() ? config.positions() : input.tokens;
  if (config.has_vocabulary() && check.Extent("vocabulary", vocabulary) && tokens) {
    check.That(vocabulary >= input.vocabulary, "vocabulary",
               absl::StrCat("is ", vocabulary, ", but the tokenizer has ", input.vocabulary,
                            " tokens: ids beyond it could not be embedded; set at least ",
                            input.vocabulary, ", or leave it out"));
  }
  if (config.has_positions() && check.Extent("positions", positions) && tokens) {
    check.That(positions >= input.tokens, "positions",
               absl::StrCat("is ", positions, ", but sequences have ", input.tokens,
                            " tokens; set at least that, or leave "
                            "it out"));
  }
  if (!check.ok()) return check.status();

  auto encoder = std::make_unique<TransformerEncoder>();
  encoder->width_ = config.width();
  encoder->cls_ = config.pooling() == Transformer::CLS;
  encoder->pooled_ = config.pooled();
  encoder->output_ = config.pooled() ? FlowType::Vector(config.width())
                                     : FlowType::Sequence(input.tokens, config.width());
  encoder->Declare(config, vocabulary, positions);
  encoder->foreign_names_ = BertNames(config);
  return encoder;
}

void TransformerEncoder::Declare(const Transformer& config, int64_t vocabulary, int64_t positions) {
  const bool pre_norm = config.normalization() == Transformer::PRE;
  const auto table = [&](const char* name, int64_t rows) {
    return parameters().Add(name, Role::kEmbedding, {rows, width_},
                            Initializer::TruncatedNormal(config.initial_deviation()));
  };
  tables_.token = table("token_embedding", vocabulary);
  tables_.position = table("position_embedding", positions);
  if (config.segments() > 0) tables_.segment = table("segment_embedding", config.segments());
  embedding_dropout_ = {config.dropout(), 0};  // the layers' follow
  drops_ = config.dropout() > 0 || config.attention_dropout() > 0;
  embedding_norm_.epsilon = config.epsilon();
  if (!pre_norm)
    embedding_norm_ =
        LayerNormLayer::Declare(parameters(), "embedding_norm", width_, config.epsilon());
  layers_ = TransformerLayers(parameters(), {.layers = config.layers(),
                                             .width = width_,
                                             .heads = config.heads(),
                                             .feed_forward = FeedForwardWidth(config),
                                             .activation = ToActivation(config.activation()),
                                             .pre_norm = pre_norm,
                                             .epsilon = config.epsilon(),
                                             .dropout = config.dropout(),
                                             .attention_dropout = config.attention_dropout(),
                                             .initial_deviation = config.initial_deviation(),
                                             .first_dropout_layer = 1});
}

Var TransformerEncoder::Forward(Tape& tape, Var x, const Batch& batch,
                                const ForwardContext& context) {
  const TokenBatch tokens = TokensOf(x.value(), batch);
  Tensor rows;  // that are read after the last layer; undefined: all
  if (pooled_ && cls_) rows = FirstRows(tokens);
  if (!pooled_) rows = batch.read_rows;
  Var h = EmbedTokens(tape, tokens, tables_, embedding_norm_, embedding_dropout_, context);
  h = layers_.Forward(tape, h, tokens, rows, context);
  if (rows.defined()) return h;
  if (pooled_) return PoolRows(tape, h, tokens);
  return Reshape(tape, h, {tokens.samples, tokens.tokens, width_});
}

Var TransformerEncoder::PoolRows(Tape& tape, Var rows, const TokenBatch& tokens) const {
  return cls_ ? Rows(tape, rows, FirstRows(tokens)) : MeanOverTokens(tape, rows, tokens);
}

Var TransformerEncoder::Pool(Tape& tape, Var h, const Batch& batch) {
  if (pooled_) return h;
  const TokenBatch tokens{.samples = h.dim(0), .tokens = h.dim(1), .lengths = batch.lengths};
  return PoolRows(tape, Reshape(tape, h, {tokens.samples * tokens.tokens, width_}), tokens);
}

PRETEXT_REGISTER_ENCODER(TransformerEncoder, Transformer);

}  // namespace pretext
