// The fields width and heads, which configs of transformers share, and mlp_ratio, of those over
// patches.
#pragma once

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/layers/activation_config.h"
#include "core/layers/transformer.h"
#include "core/plugin/field_checker.h"

namespace pretext {

// The most layers whose streams of dropout can be told apart (ForwardContext::DropoutKey): each has
// five, beside the embeddings'.
inline constexpr int64_t kMostTransformerLayers = 3000;

// `width_fits`: whether the width has been found right, and heads have something to divide.
template <class Config>
void CheckHeads(const Config& config, bool width_fits, FieldChecker& check) {
  if (!check.Count("heads", config.heads()) || !width_fits) return;
  check.That(config.width() % config.heads() == 0, "heads",
             absl::StrCat("must divide the width, ", config.width(), "; it is ", config.heads()));
}

// Of the feed-forward network. The whole part, as timm takes it; a float's 0.7 is a little less
// than seven tenths.
template <class Config>
double HiddenWidth(const Config& config) {
  return std::floor(static_cast<double>(config.width()) * config.mlp_ratio() * (1 + 1e-6));
}

template <class Config>
void CheckMlpRatio(const Config& config, bool width_fits, FieldChecker& check) {
  if (!check.Positive("mlp_ratio", config.mlp_ratio()) || !width_fits) return;
  const double hidden = HiddenWidth(config);
  check.That(hidden >= 1 && hidden <= double{kMaxExtent}, "mlp_ratio",
             absl::StrCat("makes a hidden layer of ", hidden, " features; 1 to ", kMaxExtent,
                          " are allowed"));
}

// Of a stack of layers over patches, with normalisation before each: what all such configs say.
template <class Config>
TransformerOptions PatchTransformer(const Config& config) {
  return {.layers = config.layers(),
          .width = config.width(),
          .heads = config.heads(),
          .feed_forward = static_cast<int64_t>(HiddenWidth(config)),
          .activation = ToActivation(config.activation()),
          .pre_norm = true,
          .epsilon = config.epsilon()};
}

}  // namespace pretext
