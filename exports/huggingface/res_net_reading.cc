// ResNetModel (transformers/models/resnet/modeling_resnet.py) from config.json and the file's
// names.
#include "absl/strings/str_cat.h"
#include "exports/torchvision/residual_network.h"

namespace pretext {
namespace {

class HuggingFaceNames : public ResidualNames {
 public:
  ConvNormNames Stem() const override { return Below("embedder.embedder"); }
  ConvNormNames Path(int64_t stage, int64_t block, int64_t number) const override {
    return Below(absl::StrCat("encoder.stages.", stage, ".layers.", block, ".layer.", number));
  }
  ConvNormNames Shortcut(int64_t stage, int64_t block) const override {
    return Below(absl::StrCat("encoder.stages.", stage, ".layers.", block, ".shortcut"));
  }

 private:
  static ConvNormNames Below(const std::string& at) {
    return {at + ".convolution", at + ".normalization"};
  }
};

absl::StatusOr<Graph> ReadResNet(ForeignFiles& files) {
  if (files.Texts("architectures") != std::vector<std::string>{"ResNetModel"})
    files.Fail("config.json: architectures is not ResNetModel");
  if (files.Text("model_type") != "resnet") files.Fail("config.json: model_type is not resnet");
  if (files.Text("hidden_act") != "relu") files.Fail("config.json: hidden_act is not relu");
  if (files.Truth("downsample_in_first_stage") || files.Truth("downsample_in_bottleneck"))
    files.Fail("config.json: another place for the strides");
  ResidualShape shape;
  shape.channels = files.Whole("num_channels");
  shape.stem = files.Whole("embedding_size");
  shape.depths = files.Wholes("depths");
  shape.sizes = files.Wholes("hidden_sizes");
  shape.bottleneck = files.Text("layer_type") == "bottleneck";
  if (shape.depths.size() != shape.sizes.size()) files.Fail("config.json: depths and hidden_sizes");
  if (absl::Status config = files.failure(); !config.ok()) return config;
  return DrawResidualNetwork(files, shape, HuggingFaceNames());
}

PRETEXT_REGISTER_READING("huggingface.ResNetModel", ReadResNet);

}  // namespace
}  // namespace pretext
