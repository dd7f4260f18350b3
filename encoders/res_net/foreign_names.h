// What a ResNet's tensors are called in the files of other programs.
#pragma once

#include <vector>

#include "core/autograd/parameter.h"
#include "core/plugin/foreign_names.h"

namespace pretext {

class ResNet;  // the config, res_net.proto

inline constexpr char kTorchvision[] = "torchvision";  // and timm, which has taken its names over
inline constexpr char kHuggingFaceResNet[] = "HuggingFace's ResNet";

// `parameters` are the encoder's. HuggingFace has one stem, and is not among them with the other.
std::vector<ForeignNames> ResNetNames(const ResNet& config, bool imagenet_stem,
                                      const ParameterSet& parameters);

}  // namespace pretext
