// Pipelines put together at random from every plugin that is registered: any encoder with any head,
// loss, optimizer and augmentations, fields of their configs and of the sections set to small
// values. Tiny data; many do not fit together, and are to be refused.
#pragma once

#include <string>

#include "base/random/random.h"

namespace pretext::testing {

class PipelineGenerator {
 public:
  // Writes the data that the pipelines read into the folder.
  explicit PipelineGenerator(std::string folder);

  // Text of a pipeline of at most ten steps; a function of the stream.
  std::string Generate(Random& random) const;

 private:
  const std::string folder_;
};

}  // namespace pretext::testing
