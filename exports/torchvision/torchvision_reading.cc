// torchvision's ResNet by its names (torchvision/models/resnet.py), which are timm's too. timm's
// config.json has no stem and takes the channels from its pretrained_cfg or model_args: those are
// read from the first convolution.
#include "absl/strings/str_cat.h"
#include "exports/torchvision/residual_network.h"

namespace pretext {
namespace {

class TorchvisionNames : public ResidualNames {
 public:
  ConvNormNames Stem() const override { return {"conv1", "bn1"}; }
  ConvNormNames Path(int64_t stage, int64_t block, int64_t number) const override {
    const std::string at = absl::StrCat("layer", stage + 1, ".", block, ".");
    return {absl::StrCat(at, "conv", number + 1), absl::StrCat(at, "bn", number + 1)};
  }
  ConvNormNames Shortcut(int64_t stage, int64_t block) const override {
    const std::string at = absl::StrCat("layer", stage + 1, ".", block, ".downsample.");
    return {at + "0", at + "1"};
  }
};

absl::StatusOr<Graph> ReadResNet(ForeignFiles& files) {
  const std::string architecture = files.Text("architecture");
  ResidualShape shape;
  if (architecture == "resnet18") {
    shape.depths = {2, 2, 2, 2};
  } else if (architecture == "resnet34" || architecture == "resnet50") {
    shape.depths = {3, 4, 6, 3};
  } else if (architecture == "resnet101") {
    shape.depths = {3, 4, 23, 3};
  } else {
    files.Fail(absl::StrCat("config.json: no architecture ", architecture));
    return files.status();
  }
  shape.bottleneck = architecture == "resnet50" || architecture == "resnet101";
  shape.sizes = shape.bottleneck ? std::vector<int64_t>{256, 512, 1024, 2048}
                                 : std::vector<int64_t>{64, 128, 256, 512};
  const Shape stem = files.ShapeOf("conv1.weight");
  shape.channels = stem.rank() == 4 ? stem[1] : 0;
  shape.imagenet_stem = stem.rank() == 4 && stem[2] == 7;
  return DrawResidualNetwork(files, shape, TorchvisionNames());
}

PRETEXT_REGISTER_READING("torchvision.ResNet", ReadResNet);

}  // namespace
}  // namespace pretext
