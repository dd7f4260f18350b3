#include "core/flow/picture_source.h"

#include <algorithm>
#include <new>

namespace pretext {

void PictureSource::Crop(const CropBox& box, int height, int width, Interpolation interpolation,
                         std::vector<float>& values) {
  Make([&] { return MakeCrop(box, height, width, interpolation, values); }, values);
}

void PictureSource::Whole(std::vector<float>& values) {
  Make([&] { return MakeWhole(values); }, values);
}

void PictureSource::Make(absl::FunctionRef<absl::Status()> make, std::vector<float>& values) {
  absl::Status status;
  try {
    status = make();
  } catch (const std::bad_alloc&) {  // in a team of threads nobody else could catch it
    status = absl::ResourceExhaustedError(name() + ": there is no memory for it");
  }
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
