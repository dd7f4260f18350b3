#include "augmentations/random_resized_crop/random_resized_crop.h"

#include <algorithm>
#include <cmath>

#include "core/flow/picture_source.h"
#include "core/plugin/plugin.h"

namespace pretext {
namespace {

// The largest box in the middle of the image whose aspect ratio is within the range.
CropBox CentralCrop(const BoxRange& range, int height, int width) {
  const double aspect = static_cast<double>(width) / height;
  CropBox box{.height = height, .width = width};
  if (aspect < range.min_aspect) {
    box.height = static_cast<int>(std::nearbyint(width / range.min_aspect));
  } else if (aspect > range.max_aspect) {
    box.width = static_cast<int>(std::nearbyint(height * range.max_aspect));
  }
  box.height = std::clamp(box.height, 1, height);
  box.width = std::clamp(box.width, 1, width);
  box.top = (height - box.height) / 2;
  box.left = (width - box.width) / 2;
  return box;
}

}  // namespace

CropBox SampleCrop(const BoxRange& range, int attempts, int height, int width, Random& random) {
  const auto box = SampleBox(range, attempts, height, width, random);
  return box ? *box : CentralCrop(range, height, width);
}

absl::StatusOr<std::unique_ptr<Augmentation>> RandomResizedCropAugmentation::Create(
    const RandomResizedCrop& config, const BuildContext& context) {
  const BoxRange range{config.min_area(), config.max_area(), config.min_aspect(),
                       config.max_aspect()};
  FieldChecker check;
  CheckBoxRange(range, check);
  check.Count("attempts", config.attempts());
  if (config.height() != 0) check.Extent("height", config.height());
  if (config.width() != 0) check.Extent("width", config.width());
  FlowType output = context.input;
  if (CheckImage(context, check)) {
    if (config.height() != 0) output.height = config.height();
    if (config.width() != 0) output.width = config.width();
    if (check.ok()) CheckImageSize(output, check);
    if (config.interpolation() == RandomResizedCrop::BICUBIC) {
      CheckUnitRange(context, "interpolation", "BICUBIC clips to [0, 1]", check);
    }
  }
  if (!check.ok()) return check.status();
  return std::make_unique<RandomResizedCropAugmentation>(
      output, range, config.attempts(),
      config.interpolation() == RandomResizedCrop::BICUBIC ? Interpolation::kBicubic
                                                           : Interpolation::kBilinear);
}

void RandomResizedCropAugmentation::Apply(Sample& sample, Random& random) const {
  if (sample.source != nullptr) {
    const int height = sample.source->height(), width = sample.source->width();
    sample.source->Crop(SampleCrop(range_, attempts_, height, width, random),
                        static_cast<int>(output_.height), static_cast<int>(output_.width),
                        interpolation_, sample.values);
    sample.type = output_;
    return;
  }
  const ImageShape shape = ImageShapeOf(sample.type);
  Resize(SampleCrop(range_, attempts_, shape.height, shape.width, random), sample);
}

void RandomResizedCropAugmentation::ApplyInEvaluation(Sample& sample) const {
  if (sample.type == output_) return;
  const ImageShape shape = ImageShapeOf(sample.type);
  Resize({.height = shape.height, .width = shape.width}, sample);
}

void RandomResizedCropAugmentation::Resize(const CropBox& box, Sample& sample) const {
  thread_local ResizeScratch scratch;
  thread_local std::vector<float> resized;
  const ImageShape shape = ImageShapeOf(sample.type);
  resized.resize(output_.size());
  ResizedCrop(sample.values.data(), shape, box, static_cast<int>(output_.height),
              static_cast<int>(output_.width), interpolation_,
              /*clip=*/interpolation_ == Interpolation::kBicubic, scratch, resized.data());
  sample.values.swap(resized);
  sample.type = output_;
}

PRETEXT_REGISTER_AUGMENTATION(RandomResizedCropAugmentation, RandomResizedCrop);

}  // namespace pretext
