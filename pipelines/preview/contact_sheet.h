// One picture of many: rows of small images, in groups of columns.
#pragma once

#include <vector>

#include "base/image/image.h"

namespace pretext {

struct Tile {
  ImageShape shape;           // of 1 or 3 channels
  std::vector<float> pixels;  // C x H x W, in [0, 1]
};

struct SheetOptions {
  int least_side = 80;       // Smaller tiles are enlarged by a whole factor, pixel by pixel.
  int gap = 4;               // Between tiles, in pixels.
  int group_gap = 20;        // Between groups of columns.
  float background = 0.85f;  // The grey between the tiles.
};

// groups[g][r] are the tiles of row r in group g, side by side; every group has as many rows. A
// sheet has three channels when any of its tiles has.
Tile ContactSheet(const std::vector<std::vector<std::vector<Tile>>>& groups,
                  const SheetOptions& options = {});

}  // namespace pretext
