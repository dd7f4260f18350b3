#include "heads/mlp_decoder/mlp_decoder.h"

#include "absl/strings/str_cat.h"
#include "core/layers/activation_config.h"
#include "heads/mlp_decoder/mlp_decoder.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Head>> MlpDecoderHead::Create(const MlpDecoder& config,
                                                             const BuildContext& context) {
  using Kind = FlowType::Kind;
  FieldChecker check;
  const FlowType &input = context.input, &sample = context.sample;
  CheckFlow(input, {Kind::kVector}, "takes a vector; the encoder gives", check);
  CheckFlow(sample, {Kind::kImage, Kind::kVector}, "rebuilds images or vectors; the dataset has",
            check);
  check.Count("hidden", config.hidden_size() + 1);
  for (int i = 0; i < config.hidden_size(); ++i) {
    check.Extent(absl::StrCat("hidden[", i, "]"), config.hidden(i));
  }
  if (config.hidden_size() == 0) {
    check.Unread(config, {"activation"}, "there is no hidden layer");
  }
  if (!check.ok()) return check.status();

  auto head = std::make_unique<MlpDecoderHead>();
  head->output_ = sample.WithRange(RangeOf(config.output_activation()));
  head->layers_ = MlpLayers(head->parameters(), OptionsOf(config, input.size(), sample.size()));
  return head;
}

MlpOptions MlpDecoderHead::OptionsOf(const MlpDecoder& config, int64_t features, int64_t sample) {
  MlpOptions options{.widths = {features},
                     .activation = ToActivation(config.activation()),
                     .output_activation = ToActivation(config.output_activation())};
  options.widths.insert(options.widths.end(), config.hidden().begin(), config.hidden().end());
  options.widths.push_back(sample);
  return options;
}

Prediction MlpDecoderHead::Forward(Tape& tape, Var h, const Batch&, const ForwardContext& context) {
  const Var flat = layers_.Forward(tape, h, context);
  return {.value = Reshape(tape, flat, output_.Batch(h.dim(0)))};
}

PRETEXT_REGISTER_HEAD(MlpDecoderHead, MlpDecoder);

}  // namespace pretext
