// Whether a run of a shipped pipeline came to what it has come to before.
//
//   |x - mean| <= max(t · deviation · √(1 + 1/n), least)
//
// t: the 97.5 % point of Student's distribution with n - 1 degrees of freedom, so that of honest
// runs with new seeds one in twenty lies outside (n seeds; Student 1908). `least`: half a point,
// since three seeds may lie closer together than seeds do, and processors round in other ways.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace pretext {

class RecipeBand;
class RecipeBands;

inline constexpr double kLeastBand = 0.5;

// The bands in the file. InvalidArgument where it does not say a recipe's seeds and figures.
absl::StatusOr<RecipeBands> LoadBands(const std::string& path);

// That of a pipeline; InvalidArgument with the nearest name and all that there are.
absl::StatusOr<RecipeBand> BandOf(const RecipeBands& bands, const std::string& name);

struct Reproduction {
  bool holds = true;  // every figure of the band was measured and lies within it
  std::string table;  // a line a figure, for a person
};
// Of a run's figures, as its last evaluation names them.
Reproduction Judge(const RecipeBand& band,
                   const std::vector<std::pair<std::string, double>>& figures);

// Half of the band's width.
double HalfWidth(double deviation, int seeds);

}  // namespace pretext
