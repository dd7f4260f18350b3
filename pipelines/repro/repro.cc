#include "pipelines/repro/repro.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file/read_file.h"
#include "base/text/nearest.h"
#include "google/protobuf/text_format.h"
#include "pipelines/repro/recipe_bands.pb.h"

namespace pretext {
namespace {

// 97.5 % points of Student's distribution with 1, 2 … degrees of freedom.
constexpr double kStudent[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262};
constexpr double kNormal = 1.96;

std::string LineOf(const RecipeBand::Figure& band, const double* value, double half, bool holds) {
  const std::string expected = absl::StrFormat("%.2f ± %.2f", band.mean(), band.deviation());
  if (value == nullptr)
    return absl::StrFormat("%-24s %-8s expected %s: not measured\n", band.name(), "-", expected);
  return absl::StrFormat("%-24s %-8.2f expected %s, within %.2f: %s\n", band.name(), *value,
                         expected, half, holds ? "holds" : "DOES NOT HOLD");
}

}  // namespace

absl::StatusOr<RecipeBands> LoadBands(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  RecipeBands bands;
  if (!google::protobuf::TextFormat::ParseFromString(*text, &bands))
    return absl::InvalidArgumentError(absl::StrCat(path, ": is no list of recipes"));
  for (const RecipeBand& recipe : bands.recipe()) {
    if (recipe.seeds() >= 1 && recipe.figure_size() > 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", recipe.name(), " has no seeds or no figures"));
  }
  return bands;
}

absl::StatusOr<RecipeBand> BandOf(const RecipeBands& bands, const std::string& name) {
  std::vector<std::string> known;
  for (const RecipeBand& recipe : bands.recipe()) {
    if (recipe.name() == name) return recipe;
    known.push_back(recipe.name());
  }
  return absl::InvalidArgumentError(absl::StrCat("no figures are known of a recipe ", name,
                                                 NearestAndKnown(name, known, "There are")));
}

double HalfWidth(double deviation, int seeds) {
  // Of one seed nothing is known but what other recipes differ by.
  if (seeds < 2) return 2 * kLeastBand;
  const auto freedom = static_cast<size_t>(seeds - 2);
  const double t = freedom < std::size(kStudent) ? kStudent[freedom] : kNormal;
  return std::max(t * deviation * std::sqrt(1 + 1.0 / seeds), kLeastBand);
}

Reproduction Judge(const RecipeBand& band,
                   const std::vector<std::pair<std::string, double>>& figures) {
  Reproduction result;
  for (const RecipeBand::Figure& figure : band.figure()) {
    const auto found = std::find_if(figures.begin(), figures.end(), [&](const auto& named) {
      return named.first == figure.name();
    });
    const double* const value = found == figures.end() ? nullptr : &found->second;
    const double half = HalfWidth(figure.deviation(), band.seeds());
    const bool holds = value != nullptr && std::abs(*value - figure.mean()) <= half;
    result.holds = result.holds && holds;
    result.table += LineOf(figure, value, half, holds);
  }
  return result;
}

}  // namespace pretext
