// Files that TensorBoard's projector reads: points of many features with their labels and pictures.
//
//   FOLDER/projector_config.pbtxt   text of projector_config.proto
//   FOLDER/projector/h.tsv          a point a line, its features between tabs
//   FOLDER/projector/metadata.tsv   index, class and text of each, below a line with these names
//   FOLDER/projector/sprite.png     the pictures, row by row in a square
//
// Paths in the config are relative to FOLDER, which is the one with the event files, as TensorBoard
// wants them. Vectors are text: it takes a binary file for text where its bytes happen to be UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace pretext {

struct ProjectorPoints {
  int64_t count = 0, width = 0;         // N, D
  const float* values = nullptr;        // [N, D]
  std::vector<int64_t> index;           // [N]
  std::vector<std::string> label;       // [N], or empty
  std::vector<std::string> text;        // [N], or empty
  std::string sprite;                   // a PNG, or empty
  int cell_width = 0, cell_height = 0;  // of one picture in it
};

absl::Status WriteProjector(const std::string& folder, const ProjectorPoints& points);

}  // namespace pretext
