// The bytes of pictures as floats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/flow/flow_type.h"
#include "core/flow/picture_preparation.h"
#include "core/plugin/field_checker.h"

namespace pretext {

class ImageScaling;  // the config message

// Adds the faults of `config`, at `field`.
void CheckImageScaling(const ImageScaling& config, absl::string_view field, FieldChecker& check);

// The same for configs that say the same, whether a default is written out or not.
std::string KeyOf(const ImageScaling& config);

// What the numbers of a picture can be. Standardized ones depend on the pictures: any number.
ValueRange RangeOf(const ImageScaling& config);

// value = byte / 255 · factor[c] + offset[c] in channel c.
struct PixelScale {
  std::vector<float> factor, offset;  // [C]
};

// Mean and standard deviation of each channel, of bytes / 255. Sums are exact: the same for any
// order and threads.
struct PixelStatistics {
  std::vector<double> mean, deviation;  // [C]
};

// Over the chosen ones of images [N, C, H·W].
PixelStatistics ComputePixelStatistics(const uint8_t* pixels, const std::vector<int64_t>& chosen,
                                       int64_t channels, int64_t plane);

// From sums of bytes and of their squares over `count` pixels of each channel.
PixelStatistics StatisticsOf(const std::vector<uint64_t>& sum, const std::vector<uint64_t>& square,
                             double count);

// A channel of one colour throughout is only centered, not divided.
PixelScale MakePixelScale(const ImageScaling& config, const PixelStatistics& statistics);

// Sets `scale` to that of another data's preparation, which an encoder was trained on
// (Dataset::PrepareAs). Faults: a config that standardizes where that did not, or the reverse.
absl::Status ScaleAs(const ImageScaling& config, const PicturePreparation& preparation,
                     std::optional<PixelScale>& scale);

// One image [C, H·W].
void ScalePixels(const PixelScale& scale, const uint8_t* pixels, int64_t plane, float* out);
// The same of bytes that are divided by 255 already; the same bits.
void ScaleUnit(const PixelScale& scale, const float* pixels, int64_t plane, float* out);

}  // namespace pretext
