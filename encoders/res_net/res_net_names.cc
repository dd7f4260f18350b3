// ResNet by the names of torchvision, timm and HuggingFace.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/plugin/export.h"
#include "core/plugin/export_names.h"
#include "encoders/res_net/foreign_names.h"
#include "encoders/res_net/res_net.pb.h"
#include "encoders/res_net/res_net_blocks.h"

namespace pretext {
namespace {

constexpr int64_t kTheirWidth = 64;

const ResNet& ConfigOf(const TrainedPart& part) { return static_cast<const ResNet&>(*part.config); }

absl::Status CheckEpsilon(const TrainedPart& part, const char* program) {
  if (ConfigOf(part).norm_epsilon() == kTheirEpsilon) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      program,
      "'s batch normalisation has ε 1e-5, and there is no field for another; this encoder's "
      "norm_epsilon is ",
      JsonFloat(ConfigOf(part).norm_epsilon()),
      ": its outputs would not be the same. --format onnx holds it"));
}

absl::Status CheckWidth(const TrainedPart& part, const char* program) {
  if (ConfigOf(part).width() == kTheirWidth) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      program,
      "'s ResNet begins with 64 channels, and there is no field for another number; this "
      "encoder's width is ",
      ConfigOf(part).width(), ". --format ",
      HasImageNetStem(part) ? "huggingface holds any width with this stem, onnx any encoder"
                            : "onnx holds it"));
}

std::string ArchitectureOf(const TrainedPart& part) {
  return absl::StrCat("resnet", ConfigOf(part).depth());
}

// By a program's names, with PyTorch's counter of each normalisation. Counters stand first: 8 bytes
// are aligned.
std::vector<NamedTensor> TensorsFor(const TrainedPart& part, const char* program) {
  std::vector<NamedTensor> tensors, counters;
  for (NamedTensor& tensor : part.Named(program)) {
    if (absl::EndsWith(tensor.name, ".running_mean")) {
      const absl::string_view norm = absl::StripSuffix(tensor.name, ".running_mean");
      counters.push_back(Counter(absl::StrCat(norm, ".num_batches_tracked"), part.steps));
    }
    tensors.push_back(std::move(tensor));
  }
  tensors.insert(tensors.begin(), counters.begin(), counters.end());
  return tensors;
}

absl::StatusOr<ForeignModel> NamedByTorchvision(const TrainedPart& part) {
  if (absl::Status status = CheckWidth(part, "torchvision"); !status.ok()) return status;
  if (absl::Status status = CheckEpsilon(part, "torchvision"); !status.ok()) return status;
  ForeignModel model;
  model.architecture = ArchitectureOf(part);
  model.tensors = TensorsFor(part, kTorchvision);
  // For the loader that is written beside: what torchvision's model has to have changed.
  model.config = {{"in_channels", absl::StrCat(part.input.channels)},
                  {"stem", HasImageNetStem(part) ? "\"imagenet\"" : "\"cifar\""},
                  {"num_features", absl::StrCat(part.output.features)}};
  model.reading = "torchvision.ResNet";
  return model;
}

absl::StatusOr<ForeignModel> NamedByTimm(const TrainedPart& part) {
  if (absl::Status status = CheckWidth(part, "timm"); !status.ok()) return status;
  if (absl::Status status = CheckEpsilon(part, "timm"); !status.ok()) return status;
  if (!HasImageNetStem(part)) {
    return absl::InvalidArgumentError(
        "timm's ResNet has no stem of one 3×3 convolution without pooling (CIFAR), and "
        "create_model "
        "no argument for it. --format torchvision writes it with the lines of Python that put the "
        "stem in place, --format onnx holds it as it is");
  }
  ForeignModel model;
  model.architecture = ArchitectureOf(part);
  model.tensors = TensorsFor(part, kTorchvision);
  model.config = {{"num_features", absl::StrCat(part.output.features)}};
  if (part.input.channels != 3) {
    model.config.push_back(
        {"model_args", absl::StrCat("{\"in_chans\": ", part.input.channels, "}")});
  }
  model.reading = "torchvision.ResNet";
  return model;
}

absl::StatusOr<ForeignModel> NamedByHuggingFace(const TrainedPart& part) {
  if (absl::Status status = CheckEpsilon(part, "transformers"); !status.ok()) return status;
  if (!HasImageNetStem(part)) {
    return absl::InvalidArgumentError(
        "transformers' ResNetModel begins with a 7×7 convolution and pooling (IMAGENET) and has no "
        "field for another stem; this encoder has the CIFAR stem. --format onnx holds it, and "
        "--format torchvision where its width is 64");
  }
  const ResNet& config = ConfigOf(part);
  ForeignModel model;
  model.architecture = "ResNetModel";
  model.reading = "huggingface.ResNetModel";
  model.tensors = TensorsFor(part, kHuggingFaceResNet);
  std::vector<int64_t> sizes;
  for (int stage = 0; stage < 4; ++stage)
    sizes.push_back((config.width() << stage) * (HasBottlenecks(config) ? 4 : 1));
  model.config = {{"model_type", "\"resnet\""},
                  {"num_channels", absl::StrCat(part.input.channels)},
                  {"embedding_size", absl::StrCat(config.width())},
                  {"hidden_sizes", JsonList(sizes)},
                  {"depths", JsonList(DepthsOf(config))},
                  {"layer_type", HasBottlenecks(config) ? "\"bottleneck\"" : "\"basic\""},
                  {"hidden_act", "\"relu\""},
                  {"downsample_in_first_stage", "false"},
                  {"downsample_in_bottleneck", "false"}};
  return model;
}

PRETEXT_REGISTER_EXPORT(ResNet, "torchvision", NamedByTorchvision);
PRETEXT_REGISTER_EXPORT(ResNet, "timm", NamedByTimm);
PRETEXT_REGISTER_EXPORT(ResNet, "huggingface", NamedByHuggingFace);

}  // namespace
}  // namespace pretext
