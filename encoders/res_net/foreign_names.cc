#include "encoders/res_net/foreign_names.h"

#include "absl/strings/str_cat.h"
#include "encoders/res_net/res_net_blocks.h"

namespace pretext {
namespace {

constexpr char kCounter[] = ".num_batches_tracked";

// transformers/models/resnet/modeling_resnet.py.
ForeignNames HuggingFaceNames(const ResNet& config) {
  ForeignNames names;
  names.program = kHuggingFaceResNet;
  const auto add = [&](const std::string& conv, const std::string& norm,
                       const std::string& theirs) {
    names.tensors.push_back({conv + ".weight", {theirs + ".convolution.weight"}});
    for (const char* const each : {".weight", ".bias", ".running_mean", ".running_var"})
      names.tensors.push_back({norm + each, {absl::StrCat(theirs, ".normalization", each)}});
  };
  add("conv1", "bn1", "embedder.embedder");
  for (const ResNetBlock& block : BlocksOf(config)) {
    const std::string layer =
        absl::StrCat("encoder.stages.", block.stage, ".layers.", block.number);
    for (size_t i = 0; i < block.kernels.size(); ++i) {
      add(absl::StrCat(block.name, ".conv", i + 1), absl::StrCat(block.name, ".bn", i + 1),
          absl::StrCat(layer, ".layer.", i));
    }
    if (block.shortcut)
      add(block.name + ".downsample.0", block.name + ".downsample.1", layer + ".shortcut");
  }
  names.unused = {kCounter};
  names.settings = {{"hidden_act", {"relu"}, ""}};
  return names;
}

}  // namespace

std::vector<ForeignNames> ResNetNames(const ResNet& config, bool imagenet_stem,
                                      const ParameterSet& parameters) {
  std::vector<ForeignNames> all = {OwnNames(kTorchvision, parameters, {kCounter})};
  if (imagenet_stem) all.push_back(HuggingFaceNames(config));
  if (config.norm_epsilon() == kTheirEpsilon) return all;
  for (ForeignNames& names : all) {
    names.otherwise = {absl::StrCat("norm_epsilon is ", config.norm_epsilon(), " here, and ",
                                    kTheirEpsilon, " there")};
  }
  return all;
}

}  // namespace pretext
