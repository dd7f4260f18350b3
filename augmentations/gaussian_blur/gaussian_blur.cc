#include "augmentations/gaussian_blur/gaussian_blur.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "augmentations/image_sample/image_sample.h"
#include "core/plugin/plugin.h"
#include "kernels/image/blur.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Augmentation>> GaussianBlurAugmentation::Create(
    const GaussianBlur& config, const BuildContext& context) {
  FieldChecker check;
  CheckProbability(config.probability(), check);
  if (CheckRange("min_sigma", config.min_sigma(), "max_sigma", config.max_sigma(), check)) {
    check.Positive("min_sigma", config.min_sigma());
  }
  int radius = config.kernel_size() / 2;
  if (config.kernel_size() != 0 && check.Extent("kernel_size", config.kernel_size())) {
    check.That(config.kernel_size() % 2 == 1, "kernel_size",
               absl::StrCat("must be odd, so that it has a middle; it is ", config.kernel_size()));
  }
  if (CheckImage(context, check)) {
    const int64_t side = std::min(context.input.height, context.input.width);
    if (config.kernel_size() == 0) {
      radius = static_cast<int>(std::max<int64_t>(context.input.height / 20, 1));
    }
    check.That(
        radius < side, "kernel_size",
        absl::StrCat("must be below twice the image's smaller side, ", side, "; it is ",
                     config.kernel_size() == 0 ? 2 * int64_t{radius} + 1 : config.kernel_size()));
  }
  if (!check.ok()) return check.status();
  return std::make_unique<GaussianBlurAugmentation>(context.input, config.probability(), radius,
                                                    config.min_sigma(), config.max_sigma());
}

void GaussianBlurAugmentation::Change(Sample& sample, Random& random) const {
  thread_local BlurScratch scratch;
  BlurGaussian(sample.values.data(), ImageShapeOf(sample.type), radius_,
               random.Uniform(min_sigma_, max_sigma_), scratch);
}

PRETEXT_REGISTER_AUGMENTATION(GaussianBlurAugmentation, GaussianBlur);

}  // namespace pretext
