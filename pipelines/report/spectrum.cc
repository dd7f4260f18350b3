#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "kernels/reduce/exp_of_entropy.h"
#include "pipelines/drawing/chart.h"
#include "pipelines/drawing/html.h"
#include "pipelines/report/sections.h"

namespace pretext {

std::string SpectrumSection(const ReportData& data) {
  double total = 0;
  for (const double variance : data.spectrum()) total += std::max(0.0, variance);
  if (!(total > 0)) return "";
  std::vector<double> shares;
  for (const double variance : data.spectrum()) shares.push_back(std::max(0.0, variance) / total);
  size_t most = 0;  // directions that hold 95 of a hundred
  for (double sum = 0; most < shares.size() && sum < 0.95; ++most) sum += shares[most];
  const auto directions = static_cast<int64_t>(shares.size());
  constexpr size_t kBars = 64;
  std::vector<std::pair<std::string, double>> bars;
  for (size_t k = 0; k < std::min(kBars, shares.size()); ++k)
    bars.emplace_back(absl::StrCat(k + 1), 100 * shares[k]);
  const std::string words = absl::StrFormat(
      "Of %d directions %d hold 95 %% of the variance; the effective rank of these samples' h is "
      "%.3g%s.",
      // Fewer samples than features have no variance along the others.
      std::max(data.features(), directions), most, ExpOfEntropy(directions, shares.data()),
      shares.size() > kBars ? absl::StrCat(". The first ", kBars, " are shown") : "");
  return absl::StrCat(
      "<h2 id=\"spectrum\">Spectrum of h</h2>\n<div class=\"charts\">\n",
      BarsHtml("spectrum-bars", "Percent of the variance along each principal direction", bars,
               words),
      "</div>\n");
}

}  // namespace pretext
