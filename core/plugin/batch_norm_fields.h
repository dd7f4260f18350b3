// The fields norm_momentum and norm_epsilon, which configs with batch normalisation share.
#pragma once

#include "core/ops/batch_norm.h"
#include "core/plugin/field_checker.h"

namespace pretext {

// `asked`: whether there is batch normalisation, or none in so many words.
template <class Config>
void CheckBatchNorm(const Config& config, bool asked, FieldChecker& check) {
  check.Positive("norm_momentum", config.norm_momentum());
  check.InRange("norm_momentum", config.norm_momentum(), 0, 1);
  check.Positive("norm_epsilon", config.norm_epsilon());
  if (!asked) {
    check.Unread(config, {"norm_momentum", "norm_epsilon"}, "there is no batch normalisation");
  }
}

// Declares "name.weight" (γ, at first `scale`) and what else belongs to it.
template <class Config>
BatchNormLayer DeclareBatchNorm(ParameterSet& set, const std::string& name, int64_t channels,
                                const Config& config, float scale = 1) {
  BatchNormLayer layer = BatchNormLayer::Declare(set, name, channels, scale);
  layer.momentum = config.norm_momentum();
  layer.epsilon = config.norm_epsilon();
  return layer;
}

}  // namespace pretext
