// How many directions a variance is spread over.
#pragma once

#include <cmath>
#include <vector>

namespace pretext {

// exp of the entropy of the directions' shares of the variance (Roy and Vetterli 2007).
inline double EffectiveRank(const std::vector<double>& shares) {
  double entropy = 0;
  for (const double share : shares) {
    if (share > 0) entropy -= share * std::log(share);
  }
  return std::exp(entropy);
}

}  // namespace pretext
