#include "core/flow/picture_source.h"

#include <algorithm>

namespace pretext {

void PictureSource::Crop(const CropBox& box, int height, int width, Interpolation interpolation,
                         std::vector<float>& values) {
  Take(MakeCrop(box, height, width, interpolation, values), values);
}

void PictureSource::Whole(std::vector<float>& values) { Take(MakeWhole(values), values); }

void PictureSource::Take(const absl::Status& status, std::vector<float>& values) {
  if (status.ok()) return;
  status_.Update(status);
  std::fill(values.begin(), values.end(), 0.0f);
}

absl::Status MakeValues(Sample& sample) {
  if (sample.source == nullptr) return absl::OkStatus();
  sample.source->Whole(sample.values);
  return sample.source->status();
}

}  // namespace pretext
