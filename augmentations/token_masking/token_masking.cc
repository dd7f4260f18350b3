#include "augmentations/token_masking/token_masking.h"

#include "absl/strings/str_cat.h"
#include "core/plugin/plugin.h"

namespace pretext {
namespace {

constexpr char kOfSpans[] = "is of masking by spans: add unit: SPAN, or leave it out";

MaskingOptions::Count CountOf(TokenMasking::Count count) {
  switch (count) {
    case TokenMasking::EXACT:
      return MaskingOptions::Count::kExact;
    case TokenMasking::BERNOULLI:
      return MaskingOptions::Count::kBernoulli;
  }
  return MaskingOptions::Count::kExact;  // proto2 refuses unknown values while parsing
}

MaskingOptions::Unit UnitOf(TokenMasking::Unit unit) {
  switch (unit) {
    case TokenMasking::TOKEN:
      return MaskingOptions::Unit::kToken;
    case TokenMasking::WHOLE_WORD:
      return MaskingOptions::Unit::kWholeWord;
    case TokenMasking::SPAN:
      return MaskingOptions::Unit::kSpan;
  }
  return MaskingOptions::Unit::kToken;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Augmentation>> TokenMaskingAugmentation::Create(
    const TokenMasking& config, const BuildContext& context) {
  FieldChecker check;
  check.That(config.rate() > 0 && config.rate() <= 1, "rate",
             absl::StrCat("must be above 0 and at most 1; it is ", config.rate()));
  const bool in_range = check.InRange("mask_probability", config.mask_probability(), 0, 1) &
                        check.InRange("random_probability", config.random_probability(), 0, 1);
  if (in_range) {
    const double sum = config.mask_probability() + config.random_probability();
    // 0.9 + 0.1 may come out a little above 1.
    check.That(sum <= 1 + 1e-12, "random_probability",
               absl::StrCat("and mask_probability must be at most 1 together; they are ", sum));
    check.That(sum > 0, "mask_probability",
               "and random_probability are both 0: every target would stand in the input, and be "
               "copied, not predicted");
  }
  const TokenMasking& initial = TokenMasking::default_instance();
  const bool spans = config.unit() == TokenMasking::SPAN;
  if (check.InHalfOpenRange("span_stop", config.span_stop(), 0, 1))
    check.That(spans || config.span_stop() == initial.span_stop(), "span_stop", kOfSpans);
  if (check.Count("max_span_words", config.max_span_words())) {
    check.That(spans || config.max_span_words() == initial.max_span_words(), "max_span_words",
               kOfSpans);
  }
  if (!context.input.is(FlowType::Kind::kNothing) &&
      check.Shape(context.input.is(FlowType::Kind::kTokens),
                  absl::StrCat("masks tokens; it is given ", context.input.ToString()))) {
    check.Shape(
        context.tokenizer != nullptr,
        "needs a tokenizer, to know [MASK] and which tokens are special: the dataset has none");
  }
  check.Shape(!context.input.masked, "is given tokens that are masked already");
  if (!check.ok()) return check.status();
  const MaskingOptions options = {.rate = config.rate(),
                                  .count = CountOf(config.count()),
                                  .unit = UnitOf(config.unit()),
                                  .mask_probability = config.mask_probability(),
                                  .random_probability = config.random_probability(),
                                  .span_stop = config.span_stop(),
                                  .max_span_words = config.max_span_words()};
  FlowType output = context.input;
  output.masked = true;
  return std::make_unique<TokenMaskingAugmentation>(output, options, context.tokenizer);
}

void TokenMaskingAugmentation::Apply(Sample& sample, Random& random) const {
  std::call_once(once_, [this] {
    masker_ = std::make_unique<const TokenMasker>(options_, MaskingVocabulary::Of(*tokenizer_));
  });
  masker_->Mask(sample.tokens.data(), sample.length, sample.targets, random);
  sample.type.masked = true;
}

PRETEXT_REGISTER_AUGMENTATION(TokenMaskingAugmentation, TokenMasking);

}  // namespace pretext
