#include "encoders/res_net/res_net.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/autograd/gradient_checkpoint.h"
#include "core/plugin/batch_norm_fields.h"
#include "encoders/res_net/foreign_names.h"
#include "encoders/res_net/res_net.pb.h"
#include "encoders/res_net/res_net_blocks.h"

namespace pretext {

namespace {

// The most pixels that AUTO gives the CIFAR stem. The last stage has then 8×8 positions at most, as
// many as the IMAGENET stem leaves of 224×224.
constexpr int64_t kMaxCifarPixels = 64 * 64;

bool HasImageNetStem(const ResNet& config, const FlowType& input) {
  if (config.stem() != ResNet::AUTO) return config.stem() == ResNet::IMAGENET;
  return input.height * input.width > kMaxCifarPixels;
}

// A side after convolutions of stride 2 that round up.
int64_t Halved(int64_t side, int times) {
  for (int i = 0; i < times; ++i) side = (side + 1) / 2;
  return side;
}

}  // namespace

// Declares layers with torchvision's names.
struct ResNetEncoder::Builder {
  const ResNet& config;
  ParameterSet& set;

  ConvNorm Add(const std::string& conv, const std::string& norm, int64_t in, int64_t out,
               int64_t kernel, int64_t stride, int64_t padding, float scale = 1) {
    const Initializer initializer =
        config.initialization() == ResNet::HE
            ? Initializer::Normal(std::sqrt(2.0f / static_cast<float>(out * kernel * kernel)))
            : Initializer::FanIn(in * kernel * kernel);
    ConvNorm layer;
    layer.conv =
        ConvLayer::Declare(set, conv, in, out, kernel, {.stride = stride, .padding = padding},
                           /*with_bias=*/false, initializer);
    layer.norm = DeclareBatchNorm(set, norm, out, config, scale);
    return layer;
  }

  // in: channels of x, and afterwards those of what the block makes of it.
  Block AddBlock(const ResNetBlock& block, int64_t& in) {
    const float last_scale = config.zero_init_residual() ? 0 : 1;
    const size_t count = block.kernels.size();
    const int64_t width = config.width() << block.stage, out = count == 3 ? 4 * width : width;
    Block built;
    int64_t from = in;
    for (size_t i = 0; i < count; ++i) {
      const bool last = i + 1 == count;
      const int64_t to = last ? out : width, kernel = block.kernels[i];
      built.path.push_back(Add(
          absl::StrCat(block.name, ".conv", i + 1), absl::StrCat(block.name, ".bn", i + 1), from,
          to, kernel, i == block.strided ? block.stride : 1, kernel / 2, last ? last_scale : 1));
      from = to;
    }
    if (block.shortcut) {
      built.shortcut.push_back(Add(block.name + ".downsample.0", block.name + ".downsample.1", in,
                                   out, 1, block.stride, 0));
    }
    in = out;
    return built;
  }
};

absl::StatusOr<std::unique_ptr<Encoder>> ResNetEncoder::Create(const ResNet& config,
                                                               const BuildContext& context) {
  FieldChecker check;
  const FlowType& input = context.input;
  CheckFlow(input, {FlowType::Kind::kImage}, "takes images; it is given", check);
  const std::vector<int64_t> depths = DepthsOf(config);
  check.That(!depths.empty(), "depth",
             absl::StrCat("is 18, 34, 50 or 101; it is ", config.depth()));
  check.Extent("width", config.width());
  CheckBatchNorm(config, /*asked=*/true, check);
  if (!check.ok()) return check.status();

  auto encoder = std::make_unique<ResNetEncoder>();
  Builder builder{config, encoder->parameters()};
  const bool imagenet = HasImageNetStem(config, input);
  if (config.stem() == ResNet::AUTO && input.is(FlowType::Kind::kImage)) {
    encoder->chosen_ = absl::StrCat("stem ", imagenet ? "IMAGENET" : "CIFAR", " for images of ",
                                    input.height, "×", input.width);
  }
  const int64_t width = config.width();
  encoder->stem_ = imagenet ? builder.Add("conv1", "bn1", input.channels, width, 7, 2, 3)
                            : builder.Add("conv1", "bn1", input.channels, width, 3, 1, 1);
  encoder->stem_pools_ = imagenet;
  int64_t in = width;
  for (const ResNetBlock& block : BlocksOf(config))
    encoder->blocks_.push_back(builder.AddBlock(block, in));
  encoder->features_ = in;
  if (input.is(FlowType::Kind::kImage)) {
    const int halvings = imagenet ? 5 : 3;
    encoder->parameters().AddBatchStatistics(Halved(input.height, halvings) *
                                             Halved(input.width, halvings));
  }
  encoder->foreign_names_ = ResNetNames(config, imagenet, encoder->parameters());
  return encoder;
}

absl::Status ResNetEncoder::Accepts(const FlowType& input) const {
  const int64_t channels = stem_.conv.weight->shape[1];
  if (input.is(FlowType::Kind::kImage) && !input.masked && input.channels == channels) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("takes pictures of ", channels,
                                                 channels == 1 ? " channel" : " channels",
                                                 ", of any size, with nothing masked"));
}

Var ResNetEncoder::Stem(Tape& tape, Var x, const ForwardContext& context) const {
  const Var y = stem_.conv(tape, x, stem_.norm, context, Activation::kRelu);
  return stem_pools_ ? MaxPool2d(tape, y, 3, 2, 1) : y;
}

Var ResNetEncoder::Apply(const Block& block, Tape& tape, Var x, const ForwardContext& context) {
  Var y = x;
  for (size_t i = 0; i + 1 < block.path.size(); ++i) {
    y = block.path[i].conv(tape, y, block.path[i].norm, context, Activation::kRelu);
  }
  Var shortcut = x;
  for (const ConvNorm& s : block.shortcut)
    shortcut = s.conv(tape, x, s.norm, context, Activation::kIdentity);
  return block.path.back().conv(tape, y, block.path.back().norm, context, Activation::kRelu,
                                shortcut);
}

Var ResNetEncoder::Forward(Tape& tape, Var x, const Batch&, const ForwardContext& context) {
  if (!tape.recording() && !context.training) return Evaluate(tape, x, context);
  Var y = Stem(tape, x, context);
  for (const Block& block : blocks_) {
    y = Checkpointed(tape, y, context, [&block](Tape& part, Var in, const ForwardContext& pass) {
      return Apply(block, part, in, pass);
    });
  }
  return GlobalAveragePool(tape, y);
}

PRETEXT_REGISTER_ENCODER(ResNetEncoder, ResNet);

}  // namespace pretext
