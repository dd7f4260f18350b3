// Which way up a picture is, as cameras and programs write it.
#pragma once

#include "base/image/image_io.h"

namespace pretext {

// The orientation of an Exif block (a TIFF header, before which there may be "Exif\0\0"), or where
// that has no such tag of an XMP block (tiff:Orientation, as an attribute or an element); either
// may be empty. 1 to 8; 1 also where nothing is said, or nothing that makes sense. What counts is
// what PIL.ImageOps.exif_transpose goes by.
//   1 upright          2 mirrored           3 upside down               4 mirrored upside down
//   5 transposed       6 to turn clockwise  7 transposed upside down    8 to turn the other way
int OrientationOf(absl::string_view exif, absl::string_view xmp);

// Puts a picture of that orientation upright.
void Turn(int orientation, Picture& picture);

}  // namespace pretext
