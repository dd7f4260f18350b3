// PatchMasking: which patches of an image are masked (He et al. 2021, "Masked autoencoders are
// scalable vision learners", section 3).
//
// Of L = (H / P)(W / P) patches, round(ratio · L) are drawn without replacement, all sets alike.
// Input: image C×H×W. Output: the same image, masked: values stay, Sample::masked_patches says
// which. In evaluation nothing is masked.
//
// Draws: one for each masked patch (Floyd's algorithm).
#pragma once

#include <cstdint>
#include <memory>

#include "core/plugin/plugin.h"

namespace pretext {

class PatchMasking;  // the config, patch_masking.proto

class PatchMaskingAugmentation : public Augmentation {
 public:
  // Faults: a patch that does not divide the image; a ratio outside (0, 1), or one that leaves no
  // patch masked or none to read; an input that is no image, or is masked already.
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const PatchMasking& config,
                                                              const BuildContext& context);

  explicit PatchMaskingAugmentation(const FlowType& type) : type_(type) {}

  FlowType output() const override { return type_; }
  void Apply(Sample& sample, Random& random) const override;

 private:
  const FlowType type_;
};

}  // namespace pretext
