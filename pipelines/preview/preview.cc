#include "pipelines/preview/preview.h"

#include "absl/strings/str_cat.h"
#include "base/image/image_io.h"
#include "base/memory/memory_limits.h"
#include "pipelines/assembly/data_checks.h"
#include "pipelines/assembly/memory_estimate.h"
#include "pipelines/preview/contact_sheet.h"
#include "pipelines/preview/sample_tiles.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using Group = std::vector<std::vector<Tile>>;  // rows of tiles

// That what is drawn, its tiles and the sheet have room.
absl::Status CheckRoom(const Assembled& parts, const PreviewOptions& options) {
  const auto views = static_cast<double>(parts.views() * parts.view.size());
  const double of_sample = static_cast<double>(parts.sample.size()) + options.draws * views;
  const double needed = 3 * sizeof(float) * options.samples * of_sample;
  const MemoryLimit limit = TightestMemoryLimit();
  if (needed <= limit.left()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "the sheet of ", options.samples, " samples and ", options.draws,
      " draws of their views takes about ", FormatBytes(needed), ", and ", limit.whose, " ",
      FormatBytes(limit.bytes), "; take fewer --samples or --draws, or smaller pictures"));
}

}  // namespace

absl::StatusOr<std::string> WritePreview(const Assembled& parts, const PreviewOptions& options,
                                         const std::string& path) {
  for (const FlowType& type : {parts.sample, parts.view}) {
    if (IsPicture(type)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "preview shows images of 1 or 3 channels; this pipeline has ", type.ToString()));
  }
  if (absl::Status status = CheckRoom(parts, options); !status.ok()) return status;
  const absl::Status loaded = parts.dataset->Load();
  if (!loaded.ok()) return PlacedAtDataset(parts, loaded);
  const int64_t size = parts.dataset->size(Split::kTrain);
  const auto drawn = DrawViews(parts, options.samples, options.draws);
  if (!drawn.ok()) return drawn.status();
  const auto rows = static_cast<int64_t>(drawn->size());

  std::vector<Group> samples(1), views(static_cast<size_t>(options.draws));
  Shades sample_shades, view_shades;
  for (const SampleWithViews& shown : *drawn) {
    samples[0].push_back({ToTile(shown.sample.type, shown.sample.values)});
    sample_shades.Add(shown.sample.values);
    for (size_t draw = 0; draw < shown.draws.size(); ++draw) {
      std::vector<Tile>& tiles = views[draw].emplace_back();
      for (const Sample& view : shown.draws[draw]) {
        tiles.push_back(ToTile(view.type, view.values));
        view_shades.Add(view.values);
      }
    }
  }

  const auto counted = [](int64_t n, const char* noun) {
    return absl::StrCat(n, " ", noun, n == 1 ? "" : "s");
  };
  std::string line =
      absl::StrCat(path, ": ", rows, " of ", counted(size, "sample"), ", each followed by ",
                   counted(options.draws, "draw"), " of its ", counted(parts.views(), "view"));
  for (std::vector<Group>* shown : {&samples, &views}) {
    const Shades& shades = shown == &views ? view_shades : sample_shades;
    if (shades.are_values()) continue;
    for (Group& group : *shown) {
      for (std::vector<Tile>& row : group) {
        for (Tile& tile : row) shades.Apply(tile);
      }
    }
    absl::StrAppend(&line, "; ", shown == &views ? "views" : "samples", " are shown from ",
                    shades.least, " (black) to ", shades.greatest, " (white)");
  }
  samples.insert(samples.end(), views.begin(), views.end());
  const Tile sheet = ContactSheet(samples);
  if (absl::Status status = WritePng(path, sheet.pixels.data(), sheet.shape); !status.ok()) {
    return status;
  }
  return line;
}

}  // namespace pretext
