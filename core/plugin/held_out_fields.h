// The fields held_out and held_out_seed, of datasets that may hold samples out for their test.
#pragma once

#include <cstdint>

#include "core/plugin/field_checker.h"

namespace pretext {

// `samples`: how many there are to hold some out of; 0: not known yet.
template <class Config>
void CheckHeldOut(const Config& config, int64_t samples, FieldChecker& check) {
  check.InHalfOpenRange("held_out", config.held_out(), 0, 1);
  check.That(config.held_out() == 0 || samples != 1, "held_out", "needs more than one sample");
  if (!config.has_held_out()) {
    check.Unread(config, {"held_out_seed"}, "no samples are held out");
  }
}

}  // namespace pretext
