#include "datasets/image_scaling/image_scaling.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/parallel/parallel.h"
#include "datasets/image_scaling/image_scaling.pb.h"

namespace pretext {

void CheckImageScaling(const ImageScaling& config, absl::string_view field, FieldChecker& check) {
  FieldChecker scaling;
  const bool low = scaling.Finite("low", config.low());
  const bool high = scaling.Finite("high", config.high());
  if (low && high) {
    scaling.That(config.low() < config.high(), "high",
                 absl::StrCat("must be above low, ", config.low(), "; it is ", config.high()));
  }
  if (config.standardize()) {
    scaling.Unread(config, {"low", "high"},
                   "standardized values have mean 0 and deviation 1, whatever bytes became before");
  }
  check.Nested(field, scaling.status());
}

std::string KeyOf(const ImageScaling& config) {
  ImageScaling key;
  if (config.low() != key.low()) key.set_low(config.low());
  if (config.high() != key.high()) key.set_high(config.high());
  if (config.standardize() != key.standardize()) key.set_standardize(config.standardize());
  return key.SerializeAsString();
}

ValueRange RangeOf(const ImageScaling& config) {
  return config.standardize() ? ValueRange() : ValueRange{config.low(), config.high()};
}

PixelStatistics ComputePixelStatistics(const uint8_t* pixels, const std::vector<int64_t>& chosen,
                                       int64_t channels, int64_t plane) {
  const auto n = static_cast<int64_t>(chosen.size());
  std::vector<uint64_t> sums, squares;
  for (int64_t c = 0; c < channels; ++c) {
    std::atomic<uint64_t> sum = 0, square = 0;  // below 2^16 a pixel: 2^48 pixels fit
    ParallelFor(n, plane, [&](int64_t i) {
      const uint8_t* image = pixels + (chosen[i] * channels + c) * plane;
      uint64_t s = 0, q = 0;
      for (int64_t p = 0; p < plane; ++p) {
        s += image[p];
        q += uint32_t{image[p]} * image[p];
      }
      sum += s;
      square += q;
    });
    sums.push_back(sum);
    squares.push_back(square);
  }
  return StatisticsOf(sums, squares, static_cast<double>(n) * static_cast<double>(plane));
}

PixelStatistics StatisticsOf(const std::vector<uint64_t>& sum, const std::vector<uint64_t>& square,
                             double count) {
  PixelStatistics result;
  for (size_t c = 0; c < sum.size(); ++c) {
    const double mean = static_cast<double>(sum[c]) / count;
    const double variance = static_cast<double>(square[c]) / count - mean * mean;
    result.mean.push_back(mean / 255);
    result.deviation.push_back(std::sqrt(std::max(0.0, variance)) / 255);
  }
  return result;
}

PixelScale MakePixelScale(const ImageScaling& config, const PixelStatistics& statistics) {
  PixelScale scale;
  const double low = config.low(), range = double{config.high()} - config.low();
  for (size_t c = 0; c < statistics.mean.size(); ++c) {
    double factor = range, offset = low;
    if (config.standardize()) {
      // The range cancels: (low + range·b - low - range·mean) / (range·deviation).
      const double deviation = statistics.deviation[c] > 1e-9 ? statistics.deviation[c] : 1;
      factor = 1 / deviation;
      offset = -statistics.mean[c] / deviation;
    }
    scale.factor.push_back(static_cast<float>(factor));
    scale.offset.push_back(static_cast<float>(offset));
  }
  return scale;
}

absl::Status ScaleAs(const ImageScaling& config, const PicturePreparation& preparation,
                     std::optional<PixelScale>& scale) {
  if (config.standardize() != preparation.standardized) {
    return absl::InvalidArgumentError(
        preparation.standardized
            ? "scaling: the encoder was trained on standardized pictures; say scaling { "
              "standardize: true }, by the training's means and deviations"
            : "scaling.standardize: is not what the encoder was trained on: its pictures were not "
              "standardized");
  }
  scale = PixelScale{preparation.factor, preparation.offset};
  return absl::OkStatus();
}

void ScaleUnit(const PixelScale& scale, const float* pixels, int64_t plane, float* out) {
  for (size_t c = 0; c < scale.factor.size(); ++c) {
    const float factor = scale.factor[c], offset = scale.offset[c];
#pragma omp simd
    for (int64_t p = 0; p < plane; ++p) out[p] = pixels[p] * factor + offset;
    pixels += plane;
    out += plane;
  }
}

void ScalePixels(const PixelScale& scale, const uint8_t* pixels, int64_t plane, float* out) {
  for (size_t c = 0; c < scale.factor.size(); ++c) {
    const float factor = scale.factor[c], offset = scale.offset[c];
#pragma omp simd
    for (int64_t p = 0; p < plane; ++p) out[p] = pixels[p] / 255.0f * factor + offset;
    pixels += plane;
    out += plane;
  }
}

}  // namespace pretext
