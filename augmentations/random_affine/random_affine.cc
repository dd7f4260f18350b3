#include "augmentations/random_affine/random_affine.h"

#include <cmath>

#include "augmentations/image_sample/image_sample.h"
#include "core/plugin/plugin.h"

namespace pretext {
namespace {

constexpr float kLeastScale = 1e-3f;

}  // namespace

AffineParameters SampleAffine(const AffineRange& range, int height, int width, Random& random) {
  const auto symmetric = [&](float most) { return random.Uniform(-most, most); };
  AffineParameters map;
  map.degrees = symmetric(range.degrees);
  map.translate_x = std::nearbyint(symmetric(range.translate_x * static_cast<float>(width)));
  map.translate_y = std::nearbyint(symmetric(range.translate_y * static_cast<float>(height)));
  map.scale = random.Uniform(range.min_scale, range.max_scale);
  map.shear_x = symmetric(range.shear_x);
  map.shear_y = symmetric(range.shear_y);
  return map;
}

absl::StatusOr<std::unique_ptr<Augmentation>> RandomAffineAugmentation::Create(
    const RandomAffine& config, const BuildContext& context) {
  FieldChecker check;
  CheckProbability(config.probability(), check);
  check.InRange("degrees", config.degrees(), 0, 360);
  check.InRange("translate_x", config.translate_x(), 0, 1);
  check.InRange("translate_y", config.translate_y(), 0, 1);
  if (CheckRange("min_scale", config.min_scale(), "max_scale", config.max_scale(), check)) {
    check.InRange("min_scale", config.min_scale(), kLeastScale, 1 / kLeastScale);
    check.InRange("max_scale", config.max_scale(), kLeastScale, 1 / kLeastScale);
  }
  check.InHalfOpenRange("shear_x", config.shear_x(), 0, 90);
  check.InHalfOpenRange("shear_y", config.shear_y(), 0, 90);
  check.Finite("fill", config.fill());
  CheckImage(context, check);
  if (!check.ok()) return check.status();
  const AffineRange range{config.degrees(),   config.translate_x(), config.translate_y(),
                          config.min_scale(), config.max_scale(),   config.shear_x(),
                          config.shear_y()};
  const Sampling sampling =
      config.interpolation() == RandomAffine::NEAREST ? Sampling::kNearest : Sampling::kBilinear;
  return std::make_unique<RandomAffineAugmentation>(WithValue(context.input, config.fill()),
                                                    config.probability(), range, sampling,
                                                    config.fill());
}

void RandomAffineAugmentation::Change(Sample& sample, Random& random) const {
  thread_local std::vector<float> moved;
  const ImageShape shape = ImageShapeOf(sample.type);
  moved.resize(shape.size());
  Affine(sample.values.data(), shape, SampleAffine(range_, shape.height, shape.width, random),
         sampling_, fill_, moved.data());
  sample.values.swap(moved);
}

PRETEXT_REGISTER_AUGMENTATION(RandomAffineAugmentation, RandomAffine);

}  // namespace pretext
