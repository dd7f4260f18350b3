// What the augmentations of images share: checks of their configs, and rectangles of random area.
#pragma once

#include <optional>

#include "base/random/random.h"
#include "core/flow/flow_type.h"
#include "core/plugin/build_context.h"
#include "core/plugin/field_checker.h"
#include "kernels/image/resize.h"

namespace pretext {

// The shape of a sample that CheckImage has let through.
ImageShape ImageShapeOf(const FlowType& type);

// A fault unless the input is an image of 1 or 3 channels. An input of nothing (an earlier part is
// faulty) is no fault. Returns whether there is an image.
bool CheckImage(const BuildContext& context, FieldChecker& check);

// A fault of `field` (empty: of the augmentation as a whole) when its input is known to leave
// [0, 1] and it works on [0, 1] alone; `why` completes "it … ": "clips to [0, 1]".
void CheckUnitRange(const BuildContext& context, const char* field, const char* why,
                    FieldChecker& check);

// The type with these numbers among its values.
FlowType WithValue(const FlowType& type, double value);

// A fault when a sample of this type would take more than a gigabyte.
void CheckImageSize(const FlowType& type, FieldChecker& check);

// A fault unless the input has numbers to change: an image of any channels, or a vector.
void CheckValues(const BuildContext& context, FieldChecker& check);

// A fault unless it is a number in [0, 1].
void CheckProbability(double probability, FieldChecker& check);

// A fault unless low <= high, both finite: "min_area: ...".
bool CheckRange(const char* low_name, double low, const char* high_name, double high,
                FieldChecker& check);

// Rectangles of random area and shape, as torchvision draws them: the area is uniform,
// as a share of the image; the aspect ratio (width / height) uniform in its logarithm;
// sizes are rounded to pixels.
struct BoxRange {
  double min_area = 0, max_area = 1;      // of the image, in [0, 1]
  double min_aspect = 1, max_aspect = 1;  // width / height, > 0
};

// Faults of a BoxRange whose fields are called min_area, max_area, min_aspect, max_aspect.
void CheckBoxRange(const BoxRange& range, FieldChecker& check);

// Draws up to `attempts` times, until a box of at least one pixel fits into the image (height x
// width); its place is then uniform over all that keep it inside. Nothing when none fitted.
std::optional<CropBox> SampleBox(const BoxRange& range, int attempts, int height, int width,
                                 Random& random);

}  // namespace pretext
