// The pictures that names of embedded inputs stand for, as tiles of one size.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/preview/contact_sheet.h"

namespace pretext {

// A name is the path of a picture, of which the middle is shown, or PATH#INDEX of an image in a
// file of IDX images or CIFAR records. Every file of records is read once, whole: ask for all tiles
// at once. Errors name the file that is not there any more or has no such image.
absl::StatusOr<std::vector<Tile>> TilesOf(const std::vector<std::string>& names);

}  // namespace pretext
