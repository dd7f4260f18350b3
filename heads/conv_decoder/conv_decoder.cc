#include "heads/conv_decoder/conv_decoder.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/layers/activation_config.h"
#include "core/ops/basic.h"
#include "core/plugin/batch_norm_fields.h"
#include "heads/conv_decoder/conv_decoder.pb.h"

namespace pretext {

std::vector<FlowType> ConvDecoderHead::ImagesOf(const ConvDecoder& config, const FlowType& sample) {
  std::vector<FlowType> images = {sample};
  for (int i = config.channels_size() - 1; i >= 0 && sample.is(FlowType::Kind::kImage); --i) {
    const FlowType& next = images.front();
    const int64_t height = next.height + 2 * config.padding() - config.kernel(),
                  width = next.width + 2 * config.padding() - config.kernel();
    if (height < 0 || width < 0) return {};
    images.insert(images.begin(), FlowType::Image(config.channels(i), height / config.stride() + 1,
                                                  width / config.stride() + 1));
  }
  return images;
}

absl::StatusOr<std::unique_ptr<Head>> ConvDecoderHead::Create(const ConvDecoder& config,
                                                              const BuildContext& context) {
  using Kind = FlowType::Kind;
  FieldChecker check;
  const FlowType &input = context.input, &sample = context.sample;
  CheckFlow(input, {Kind::kVector}, "takes a vector; the encoder gives", check);
  CheckFlow(sample, {Kind::kImage}, "rebuilds images; the dataset has", check);
  check.Count("channels", config.channels_size());
  for (int i = 0; i < config.channels_size(); ++i) {
    check.Extent(absl::StrCat("channels[", i, "]"), config.channels(i));
  }
  check.Extent("kernel", config.kernel());
  check.Extent("stride", config.stride());
  check.InHalfOpenRange("padding", config.padding(), 0, config.kernel());
  CheckBatchNorm(config, config.has_batch_norm(), check);
  std::vector<FlowType> images;
  if (check.ok()) {
    images = ImagesOf(config, sample);
    check.That(!images.empty(), "channels",
               absl::StrCat("a sample of ", sample.ToString(), " is too small for ",
                            config.channels_size(), " layers with a kernel of ", config.kernel()));
  }
  if (!images.empty()) {
    const FlowType& smallest = images.front();
    check.That(
        CheckedProduct({smallest.channels, smallest.height, smallest.width, input.features}) >= 0,
        "channels",
        absl::StrCat("a linear layer from ", input.ToString(), " to ", smallest.ToString(),
                     " is too large"));
  }
  if (!check.ok()) return check.status();

  auto head = std::make_unique<ConvDecoderHead>();
  if (!sample.is(Kind::kImage)) return head;  // nothing to rebuild: another part is at fault
  ParameterSet& set = head->parameters();
  const auto norm = [&](const std::string& name, int64_t channels) {
    return DeclareBatchNorm(set, name, channels, config);
  };
  head->output_ = sample.WithRange(RangeOf(config.output_activation()));
  head->smallest_ = images.front();
  head->code_ = LinearLayer::Declare(set, "code", input.features, images.front().size(),
                                     !config.batch_norm());
  if (config.batch_norm()) set.AddBatchStatistics(images.front().height * images.front().width);
  if (config.batch_norm()) head->code_norm_ = norm("norm", images.front().channels);
  head->code_activation_ = ToActivation(config.activation());
  for (int i = 0; i < config.channels_size(); ++i) {
    const FlowType &from = images[i], &to = images[i + 1];
    const bool last = i + 1 == config.channels_size(), with_norm = config.batch_norm() && !last;
    // PyTorch counts a transposed weight's outputs as its fan-in.
    const Initializer initializer =
        Initializer::FanIn(to.channels * config.kernel() * config.kernel());
    Layer layer;
    layer.weight =
        set.Add(absl::StrCat("conv", i, ".weight"), Role::kWeight,
                {from.channels, to.channels, config.kernel(), config.kernel()}, initializer);
    if (!with_norm) {
      layer.bias =
          set.Add(absl::StrCat("conv", i, ".bias"), Role::kBias, {to.channels}, initializer);
    } else {
      layer.norm = norm(absl::StrCat("norm", i), to.channels);
    }
    layer.options = {.stride = config.stride(),
                     .padding = config.padding(),
                     .out_height = to.height,
                     .out_width = to.width};
    layer.activation = ToActivation(last ? config.output_activation() : config.activation());
    head->layers_.push_back(layer);
  }
  return head;
}

Prediction ConvDecoderHead::Forward(Tape& tape, Var h, const Batch&,
                                    const ForwardContext& context) {
  const Shape image = smallest_.Batch(h.dim(0));
  Var x;
  if (code_norm_.scale != nullptr) {
    x = BatchNorm(tape, Reshape(tape, code_(tape, h), image), code_norm_, context,
                  code_activation_);
  } else {
    x = Reshape(tape, code_(tape, h, code_activation_), image);
  }
  for (const Layer& layer : layers_) {
    if (layer.norm.scale != nullptr) {
      x = ConvTranspose2d(tape, x, *layer.weight, nullptr, layer.options);
      x = BatchNorm(tape, x, layer.norm, context, layer.activation);
    } else {
      x = ConvTranspose2d(tape, x, *layer.weight, layer.bias, layer.options, layer.activation);
    }
  }
  return {.value = x};
}

PRETEXT_REGISTER_HEAD(ConvDecoderHead, ConvDecoder);

}  // namespace pretext
