#include "encoders/mlp/mlp.h"

#include "absl/strings/str_cat.h"
#include "core/layers/activation_config.h"
#include "encoders/mlp/mlp.pb.h"

namespace pretext {

namespace {

MlpNormalization ToNormalization(Mlp::Normalization normalization) {
  switch (normalization) {
    case Mlp::NONE:
      return MlpNormalization::kNone;
    case Mlp::BATCH:
      return MlpNormalization::kBatch;
    case Mlp::LAYER:
      return MlpNormalization::kLayer;
  }
  return MlpNormalization::kNone;  // proto2 refuses unknown values while parsing
}

}  // namespace

absl::StatusOr<std::unique_ptr<Encoder>> MlpEncoder::Create(const Mlp& config,
                                                            const BuildContext& context) {
  FieldChecker check;
  const FlowType& input = context.input;
  CheckFlow(input, {FlowType::Kind::kImage, FlowType::Kind::kVector},
            "takes images or vectors; it is given", check);
  check.Count("hidden", config.hidden_size() + 1);
  for (int i = 0; i < config.hidden_size(); ++i) {
    check.Extent(absl::StrCat("hidden[", i, "]"), config.hidden(i));
  }
  check.Extent("code", config.code());
  check.InHalfOpenRange("dropout", config.dropout(), 0, 1);
  if (config.hidden_size() == 0) {
    check.Unread(config, {"activation", "normalization", "dropout"}, "there is no hidden layer");
  }
  if (!check.ok()) return check.status();

  auto encoder = std::make_unique<MlpEncoder>();
  encoder->output_ = FlowType::Vector(config.code()).WithRange(RangeOf(config.code_activation()));
  encoder->drops_ = config.dropout() > 0;
  encoder->layers_ = MlpLayers(encoder->parameters(), OptionsOf(config, input.size()));
  return encoder;
}

MlpOptions MlpEncoder::OptionsOf(const Mlp& config, int64_t input) {
  MlpOptions options{.widths = {input},
                     .activation = ToActivation(config.activation()),
                     .output_activation = ToActivation(config.code_activation()),
                     .normalization = ToNormalization(config.normalization()),
                     .dropout = config.dropout()};
  options.widths.insert(options.widths.end(), config.hidden().begin(), config.hidden().end());
  options.widths.push_back(config.code());
  return options;
}

Var MlpEncoder::Forward(Tape& tape, Var x, const Batch&, const ForwardContext& context) {
  return layers_.Forward(tape, Flatten(tape, x), context);
}

PRETEXT_REGISTER_ENCODER(MlpEncoder, Mlp);

}  // namespace pretext
