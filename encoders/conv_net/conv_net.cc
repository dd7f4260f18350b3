#include "encoders/conv_net/conv_net.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/layers/activation_config.h"
#include "core/plugin/batch_norm_fields.h"
#include "encoders/conv_net/conv_net.pb.h"

namespace pretext {
namespace {

// What the convolutions make of the input; nothing when the input is nothing or a fault was found.
FlowType LastImage(const ConvNet& config, const FlowType& input, FieldChecker& check) {
  FlowType image = input;
  for (int i = 0; i < config.channels_size() && image.is(FlowType::Kind::kImage); ++i) {
    const int64_t height = image.height + 2 * config.padding(),
                  width = image.width + 2 * config.padding();
    if (!check.That(
            height >= config.kernel() && width >= config.kernel(),
            absl::StrCat("channels[", i, "]"),
            absl::StrCat("the image is ", image.height, "×", image.width,
                         " by then, with its padding smaller than the kernel of ", config.kernel(),
                         "; leave the layer out or take smaller strides"))) {
      return FlowType();
    }
    const int64_t stride = ConvNetEncoder::StrideOf(config, i);
    image = FlowType::Image(config.channels(i), (height - config.kernel()) / stride + 1,
                            (width - config.kernel()) / stride + 1);
  }
  return image;
}

}  // namespace

int64_t ConvNetEncoder::StrideOf(const ConvNet& config, int layer) {
  return config.stride_size() == 0 ? 2 : config.stride(config.stride_size() == 1 ? 0 : layer);
}

absl::StatusOr<std::unique_ptr<Encoder>> ConvNetEncoder::Create(const ConvNet& config,
                                                                const BuildContext& context) {
  FieldChecker check;
  const FlowType& input = context.input;
  const bool fits = CheckFlow(input, {FlowType::Kind::kImage}, "takes images; it is given", check);
  check.Count("channels", config.channels_size());
  for (int i = 0; i < config.channels_size(); ++i) {
    check.Extent(absl::StrCat("channels[", i, "]"), config.channels(i));
  }
  check.Extent("kernel", config.kernel());
  check.InHalfOpenRange("padding", config.padding(), 0, config.kernel());
  check.That(config.stride_size() <= 1 || config.stride_size() == config.channels_size(), "stride",
             absl::StrCat("is given once or once for each of the ", config.channels_size(),
                          " channels; it is given ", config.stride_size(), " times"));
  for (int i = 0; i < config.stride_size(); ++i)
    check.Extent(absl::StrCat("stride[", i, "]"), config.stride(i));
  if (config.code() != 0) check.Extent("code", config.code());
  if (config.code() == 0) {
    check.Unread(config, {"code_activation"}, "with code: 0 there is no layer that makes a code");
  }
  CheckBatchNorm(config, config.has_batch_norm(), check);
  FlowType image;
  if (check.ok() && fits) image = LastImage(config, input, check);
  const int64_t flat = config.average_pool()
                           ? image.channels
                           : CheckedProduct({image.channels, image.height, image.width});
  check.That(flat >= 0 && CheckedProduct({flat, config.code()}) >= 0, "code",
             absl::StrCat("a linear layer from an image of ", image.ToString(), " is too large"));
  if (!check.ok()) return check.status();

  auto encoder = std::make_unique<ConvNetEncoder>();
  ParameterSet& set = encoder->parameters();
  int64_t in = input.channels, height = input.height, width = input.width;
  for (int i = 0; i < config.channels_size(); ++i) {
    Layer layer;
    layer.conv =
        ConvLayer::Declare(set, absl::StrCat("conv", i), in, config.channels(i), config.kernel(),
                           {.stride = StrideOf(config, i), .padding = config.padding()},
                           /*with_bias=*/!config.batch_norm());
    const int64_t added = 2 * config.padding() - config.kernel();
    height = (height + added) / StrideOf(config, i) + 1;
    width = (width + added) / StrideOf(config, i) + 1;
    if (config.batch_norm()) {
      if (input.is(FlowType::Kind::kImage)) set.AddBatchStatistics(height * width);
      layer.norm = DeclareBatchNorm(set, absl::StrCat("norm", i), config.channels(i), config);
    }
    encoder->layers_.push_back(layer);
    in = config.channels(i);
  }
  encoder->activation_ = ToActivation(config.activation());
  encoder->average_pool_ = config.average_pool();
  if (config.code() != 0) encoder->code_ = LinearLayer::Declare(set, "code", flat, config.code());
  encoder->code_activation_ = ToActivation(config.code_activation());
  encoder->output_ =
      FlowType::Vector(config.code() != 0 ? config.code() : flat)
          .WithRange(RangeOf(config.code() != 0 ? config.code_activation() : config.activation()));
  return encoder;
}

Var ConvNetEncoder::Forward(Tape& tape, Var x, const Batch&, const ForwardContext& context) {
  for (const Layer& layer : layers_) {
    x = layer.norm.scale != nullptr ? layer.conv(tape, x, layer.norm, context, activation_)
                                    : layer.conv(tape, x, activation_);
  }
  const Var flat = average_pool_ ? GlobalAveragePool(tape, x) : Flatten(tape, x);
  return code_.weight != nullptr ? code_(tape, flat, code_activation_) : flat;
}

PRETEXT_REGISTER_ENCODER(ConvNetEncoder, ConvNet);

}  // namespace pretext
