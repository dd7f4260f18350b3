// Encoders and heads for some data.
#pragma once

#include <string>
#include <vector>

#include "pipelines/init/data_facts.h"
#include "pipelines/init/method.h"

namespace pretext {

// An encoder with all that goes with it. Those of a method are ordered: the one that would learn
// most first, the one that costs least last.
struct Architecture {
  std::string encoder, head;  // sections of the pipeline
  std::string why;            // a comment, without #
};
std::vector<Architecture> Architectures(Method method, const DataFacts& facts);

}  // namespace pretext
