#include "pipelines/preview/sample_tiles.h"

#include <algorithm>

#include "core/flow/picture_source.h"
#include "core/loader/loader.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

bool IsPicture(const FlowType& type) {
  return type.is(FlowType::Kind::kImage) && (type.channels == 1 || type.channels == 3);
}

namespace {

// Patches that stand masked are grey.
void ShadeMaskedPatches(Sample& sample) {
  const FlowType& type = sample.type;
  for (const int64_t p : sample.masked_patches) {
    const int64_t columns = type.width / type.patch;
    const int64_t top = p / columns * type.patch, left = p % columns * type.patch;
    for (int64_t line = 0; line < type.channels * type.patch; ++line) {
      const int64_t row = line / type.patch * type.height + top + line % type.patch;
      std::fill_n(sample.values.begin() + row * type.width + left, type.patch, 0.5f);
    }
  }
}

}  // namespace

Tile ToTile(const FlowType& type, const std::vector<float>& values, int most_side) {
  const auto height = static_cast<int>(type.height), width = static_cast<int>(type.width);
  const int larger = std::max(height, width);
  const int by = most_side > 0 ? std::max(1, (larger + most_side - 1) / most_side) : 1;
  Tile tile{{static_cast<int>(type.channels), std::max(1, height / by), std::max(1, width / by)},
            {}};
  if (by == 1) {
    tile.pixels = values;
    return tile;
  }
  tile.pixels.reserve(static_cast<size_t>(tile.shape.size()));
  for (int c = 0; c < tile.shape.channels; ++c) {
    const float* const plane = values.data() + int64_t{c} * height * width;
    for (int y = 0; y < tile.shape.height; ++y) {
      for (int x = 0; x < tile.shape.width; ++x) {
        float sum = 0;
        int count = 0;
        for (int dy = 0; dy < by && y * by + dy < height; ++dy) {
          for (int dx = 0; dx < by && x * by + dx < width; ++dx, ++count)
            sum += plane[int64_t{y * by + dy} * width + x * by + dx];
        }
        tile.pixels.push_back(sum / static_cast<float>(count));
      }
    }
  }
  return tile;
}

void Shades::Add(const std::vector<float>& values) {
  for (const float value : values) {
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
}

void Shades::Apply(Tile& tile) const {
  if (are_values()) return;
  const float scale = 1 / (greatest - least);
  for (float& value : tile.pixels) value = (value - least) * scale;
}

absl::StatusOr<std::vector<SampleWithViews>> DrawViews(const Assembled& parts, int64_t samples,
                                                       int64_t draws) {
  const int64_t size = parts.dataset->size(Split::kTrain), rows = std::min(samples, size);
  std::vector<SampleWithViews> drawn(static_cast<size_t>(rows));
  for (int64_t row = 0; row < rows; ++row) {
    SampleWithViews& shown = drawn[static_cast<size_t>(row)];
    absl::Status status = parts.dataset->Fetch(Split::kTrain, row * size / rows, shown.sample);
    if (!status.ok()) return status;
    if (status = MakeValues(shown.sample); !status.ok()) return status;
    for (int64_t draw = 0; draw < draws; ++draw) {
      std::vector<Sample>& views = shown.draws.emplace_back();
      for (int64_t v = 0; v < parts.views(); ++v) {
        status = MakeView(parts.chains[static_cast<size_t>(v)], parts.config->train().seed(), draw,
                          v, shown.sample, views.emplace_back());
        if (!status.ok()) return status;
        ShadeMaskedPatches(views.back());
      }
    }
    shown.sample.source.reset();
  }
  return drawn;
}

}  // namespace pretext
