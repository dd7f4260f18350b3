// TokenMasking: hides tokens of a sequence and makes them its targets. The rule is masker.h's.
#pragma once

#include <memory>
#include <mutex>

#include "augmentations/token_masking/masker.h"
#include "augmentations/token_masking/token_masking.pb.h"
#include "core/plugin/augmentation.h"

namespace pretext {

class TokenMaskingAugmentation : public Augmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const TokenMasking& config,
                                                              const BuildContext& context);

  TokenMaskingAugmentation(const FlowType& type, const MaskingOptions& options,
                           const Tokenizer* tokenizer)
      : type_(type), options_(options), tokenizer_(tokenizer) {}

  FlowType output() const override { return type_; }
  void Apply(Sample& sample, Random& random) const override;

 private:
  const FlowType type_;
  const MaskingOptions options_;
  const Tokenizer* const tokenizer_;
  // Made at the first Apply: before that the vocabulary may still have to be learnt.
  mutable std::once_flag once_;
  mutable std::unique_ptr<const TokenMasker> masker_;
};

}  // namespace pretext
