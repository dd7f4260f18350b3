// A ResNet's blocks: what its layers are declared from, and what those take that say it in other
// terms.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/plugin/export.h"
#include "encoders/res_net/res_net.pb.h"

namespace pretext {

// Of batch normalisation in torchvision, timm and transformers, which have no field for another.
inline constexpr float kTheirEpsilon = 1e-5f;

struct ResNetBlock {
  std::string name;  // "layer2.0"
  int64_t stage = 0, number = 0;
  std::vector<int64_t> kernels;  // of "conv1", "conv2", …
  size_t strided = 0;            // the convolution that has the block's stride
  int64_t stride = 1;
  bool shortcut = false;  // a convolution, "downsample"
};

// Blocks of each stage (He et al. 2015, table 1); none of a depth that is not known.
inline std::vector<int64_t> DepthsOf(const ResNet& config) {
  switch (config.depth()) {
    case 18:
      return {2, 2, 2, 2};
    case 34:
    case 50:
      return {3, 4, 6, 3};
    case 101:
      return {3, 4, 23, 3};
  }
  return {};
}

inline bool HasBottlenecks(const ResNet& config) { return config.depth() >= 50; }

inline std::vector<ResNetBlock> BlocksOf(const ResNet& config) {
  const bool bottleneck = HasBottlenecks(config);
  std::vector<ResNetBlock> blocks;
  for (int64_t stage = 0; stage < 4; ++stage) {
    for (int64_t i = 0; i < DepthsOf(config)[stage]; ++i) {
      ResNetBlock block{absl::StrCat("layer", stage + 1, ".", i), stage, i};
      block.kernels = bottleneck ? std::vector<int64_t>{1, 3, 1} : std::vector<int64_t>{3, 3};
      block.strided = bottleneck ? 1 : 0;
      block.stride = stage > 0 && i == 0 ? 2 : 1;
      block.shortcut = i == 0 && (stage > 0 || bottleneck);
      blocks.push_back(block);
    }
  }
  return blocks;
}

// AUTO has become one of the two: the stem's kernel tells.
inline bool HasImageNetStem(const TrainedPart& part) { return part["conv1.weight"].dim(2) == 7; }

}  // namespace pretext
