// What a model card says beside what the model itself tells.
#pragma once

#include <cstdint>
#include <string>

namespace pretext {

struct CardFacts {
  std::string name;      // of the run
  std::string version;   // of pretext
  std::string encoder;   // "pretext.ResNet"
  std::string head;      // exported too; or empty
  std::string pipeline;  // as resolved text: data and recipe
  int64_t steps = 0;
  std::string figures;  // a table as text, of h and its baselines; empty: nothing was evaluated
};

}  // namespace pretext
