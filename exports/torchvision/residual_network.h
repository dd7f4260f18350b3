// A residual network as torchvision, timm and transformers compute it (He et al. 2015; the stride
// of a bottleneck in its 3×3 convolution), under any names: what their readings share. Batch
// normalisations are nodes of their own, as there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/graph/graph_builder.h"
#include "exports/reading/foreign_files.h"

namespace pretext {

// Where a convolution and its normalisation are in the file.
struct ConvNormNames {
  std::string conv, norm;
};

class ResidualNames {
 public:
  virtual ~ResidualNames() = default;
  virtual ConvNormNames Stem() const = 0;
  // The convolution `number` of a block, from 0.
  virtual ConvNormNames Path(int64_t stage, int64_t block, int64_t number) const = 0;
  virtual ConvNormNames Shortcut(int64_t stage, int64_t block) const = 0;
};

struct ResidualShape {
  int64_t channels = 3;  // of the input
  bool imagenet_stem = true;
  int64_t stem = 64;            // its channels
  std::vector<int64_t> depths;  // blocks of the stages
  std::vector<int64_t> sizes;   // channels that the stages give
  bool bottleneck = false;      // channels inside are a quarter
};

// Output: "features" [batch, sizes.back()].
Graph DrawResidualNetwork(ForeignFiles& files, const ResidualShape& shape,
                          const ResidualNames& names);

}  // namespace pretext
