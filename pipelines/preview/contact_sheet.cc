#include "pipelines/preview/contact_sheet.h"

#include <algorithm>

namespace pretext {
namespace {

int ScaleOf(const Tile& tile, const SheetOptions& options) {
  const int side = std::max({tile.shape.height, tile.shape.width, 1});
  return std::max(1, (options.least_side + side - 1) / side);
}

// Draws the tile, enlarged, with its upper left corner at (top, left).
void Draw(const Tile& tile, int scale, int top, int left, Tile& sheet) {
  for (int c = 0; c < sheet.shape.channels; ++c) {
    const int source = tile.shape.channels == 3 ? c : 0;
    const float* plane = tile.pixels.data() + source * tile.shape.plane();
    float* out = sheet.pixels.data() + c * sheet.shape.plane();
    for (int y = 0; y < tile.shape.height * scale; ++y) {
      float* row = out + int64_t{top + y} * sheet.shape.width + left;
      const float* pixels = plane + int64_t{y / scale} * tile.shape.width;
      for (int x = 0; x < tile.shape.width * scale; ++x) row[x] = pixels[x / scale];
    }
  }
}

}  // namespace

Tile ContactSheet(const std::vector<std::vector<std::vector<Tile>>>& groups,
                  const SheetOptions& options) {
  // The greatest height of each row, and width of each column of each group.
  std::vector<int> heights;
  std::vector<std::vector<int>> widths(groups.size());
  int channels = 1;
  for (size_t g = 0; g < groups.size(); ++g) {
    heights.resize(std::max(heights.size(), groups[g].size()));
    for (size_t r = 0; r < groups[g].size(); ++r) {
      const std::vector<Tile>& tiles = groups[g][r];
      widths[g].resize(std::max(widths[g].size(), tiles.size()));
      for (size_t k = 0; k < tiles.size(); ++k) {
        const int scale = ScaleOf(tiles[k], options);
        heights[r] = std::max(heights[r], tiles[k].shape.height * scale);
        widths[g][k] = std::max(widths[g][k], tiles[k].shape.width * scale);
        channels = std::max(channels, tiles[k].shape.channels);
      }
    }
  }
  int height = options.gap, width = options.gap;
  for (const int h : heights) height += h + options.gap;
  for (size_t g = 0; g < groups.size(); ++g) {
    for (const int w : widths[g]) width += w + options.gap;
    if (g > 0) width += options.group_gap - options.gap;
  }

  Tile sheet{{channels, height, width}, {}};
  sheet.pixels.assign(sheet.shape.size(), options.background);
  int left = options.gap;
  for (size_t g = 0; g < groups.size(); ++g) {
    if (g > 0) left += options.group_gap - options.gap;
    for (size_t k = 0; k < widths[g].size(); left += widths[g][k] + options.gap, ++k) {
      int top = options.gap;
      for (size_t r = 0; r < groups[g].size(); top += heights[r] + options.gap, ++r) {
        const std::vector<Tile>& tiles = groups[g][r];
        if (k < tiles.size()) Draw(tiles[k], ScaleOf(tiles[k], options), top, left, sheet);
      }
    }
  }
  return sheet;
}

}  // namespace pretext
