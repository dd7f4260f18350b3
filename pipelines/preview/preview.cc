#include "pipelines/preview/preview.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/image/image_io.h"
#include "core/loader/loader.h"
#include "pipelines/preview/contact_sheet.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using Group = std::vector<std::vector<Tile>>;  // rows of tiles

bool IsPicture(const FlowType& type) {
  return type.is(FlowType::Kind::kImage) && (type.channels == 1 || type.channels == 3);
}

// Patches that stand masked are grey.
Tile ToTile(const Sample& sample) {
  const FlowType& type = sample.type;
  Tile tile{{static_cast<int>(type.channels), static_cast<int>(type.height),
             static_cast<int>(type.width)},
            sample.values};
  for (const int64_t p : sample.masked_patches) {
    const int64_t columns = type.width / type.patch;
    const int64_t top = p / columns * type.patch, left = p % columns * type.patch;
    for (int64_t line = 0; line < type.channels * type.patch; ++line) {
      const int64_t row = line / type.patch * type.height + top + line % type.patch;
      std::fill_n(tile.pixels.begin() + row * type.width + left, type.patch, 0.5f);
    }
  }
  return tile;
}

struct Range {
  float least = 0, greatest = 1;
};

Range RangeOf(const std::vector<Group>& groups) {
  Range range;
  for (const Group& group : groups) {
    for (const auto& row : group) {
      for (const Tile& tile : row) {
        for (const float x : tile.pixels) {
          range.least = std::min(range.least, x);
          range.greatest = std::max(range.greatest, x);
        }
      }
    }
  }
  return range;
}

void ScaleToUnit(const Range& range, std::vector<Group>& groups) {
  const float scale = 1 / (range.greatest - range.least);
  for (Group& group : groups) {
    for (auto& row : group) {
      for (Tile& tile : row) {
        for (float& x : tile.pixels) x = (x - range.least) * scale;
      }
    }
  }
}

}  // namespace

absl::StatusOr<std::string> WritePreview(const Assembled& parts, const PreviewOptions& options,
                                         const std::string& path) {
  for (const FlowType& type : {parts.sample, parts.view}) {
    if (IsPicture(type)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "preview shows images of 1 or 3 channels; this pipeline has ", type.ToString()));
  }
  if (absl::Status status = parts.dataset->Load(); !status.ok()) return status;
  const int64_t size = parts.dataset->size(Split::kTrain);
  const int64_t rows = std::min<int64_t>(options.samples, size);
  const uint64_t seed = parts.config->train().seed();

  std::vector<Group> samples(1), views(static_cast<size_t>(options.draws));
  for (int64_t row = 0; row < rows; ++row) {
    Sample sample;
    absl::Status status = parts.dataset->Read(Split::kTrain, row * size / rows, sample);
    if (!status.ok()) return status;
    samples[0].push_back({ToTile(sample)});
    for (int draw = 0; draw < options.draws; ++draw) {
      std::vector<Tile>& tiles = views[static_cast<size_t>(draw)].emplace_back();
      for (int64_t v = 0; v < parts.views(); ++v) {
        Sample view = sample;
        ApplyChain(parts.chains[static_cast<size_t>(v)], seed, draw, v, view);
        tiles.push_back(ToTile(view));
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
    const Range range = RangeOf(*shown);
    if (range.least >= 0 && range.greatest <= 1) continue;
    ScaleToUnit(range, *shown);
    absl::StrAppend(&line, "; ", shown == &views ? "views" : "samples", " are shown from ",
                    range.least, " (black) to ", range.greatest, " (white)");
  }
  samples.insert(samples.end(), views.begin(), views.end());
  const Tile sheet = ContactSheet(samples);
  if (absl::Status status = WritePng(path, sheet.pixels.data(), sheet.shape); !status.ok()) {
    return status;
  }
  return line;
}

}  // namespace pretext
