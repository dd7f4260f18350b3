#include "encoders/bag_of_tokens/bag_of_tokens.h"

#include "absl/strings/str_cat.h"
#include "encoders/bag_of_tokens/bag_of_tokens.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Encoder>> BagOfTokensEncoder::Create(const BagOfTokens& config,
                                                                    const BuildContext& context) {
  FieldChecker check;
  const FlowType& input = context.input;
  check.Shape(input.is(FlowType::Kind::kTokens),
              absl::StrCat("takes tokens; it is given ", input.ToString()));
  check.Extent("width", config.width());
  if (!check.ok()) return check.status();

  const int64_t width = config.width();
  auto encoder = std::make_unique<BagOfTokensEncoder>();
  ParameterSet& set = encoder->parameters();
  const auto table = [&](const char* name, int64_t rows) {
    return set.Add(name, Role::kEmbedding, {rows, width}, Initializer::TruncatedNormal(0.02));
  };
  encoder->tables_.token = table("token_embedding", input.vocabulary);
  encoder->tables_.position = table("position_embedding", input.tokens);
  encoder->out_ = LinearLayer::Declare(set, "out", width, width);
  encoder->output_ = FlowType::Vector(width).WithRange(ValueRange{-1, 1});
  return encoder;
}

Var BagOfTokensEncoder::Forward(Tape& tape, Var x, const Batch& batch,
                                const ForwardContext& context) {
  const TokenBatch tokens{.samples = x.dim(0),
                          .tokens = x.dim(1),
                          .ids = x.value(),
                          .segments = {},
                          .lengths = batch.lengths};
  const Var rows = EmbedTokens(tape, tokens, tables_, /*norm=*/{}, /*dropout=*/{}, context);
  return out_(tape, MeanOverTokens(tape, rows, tokens), Activation::kTanh);
}

PRETEXT_REGISTER_ENCODER(BagOfTokensEncoder, BagOfTokens);

}  // namespace pretext
