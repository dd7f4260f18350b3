// Fields of a config that change over the run (core/plugin/ramp.proto).
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "core/flow/schedule.h"
#include "core/plugin/field_checker.h"
#include "core/plugin/ramp.pb.h"

namespace pretext {

// What is given of both ends is within [least, most]; `field` names the ramp.
inline void CheckRamp(const std::string& field, const Ramp& ramp, double least, double most,
                      FieldChecker& check) {
  if (ramp.has_from()) check.InRange(absl::StrCat(field, ".from"), ramp.from(), least, most);
  if (ramp.has_to()) check.InRange(absl::StrCat(field, ".to"), ramp.to(), least, most);
  if (ramp.has_steps()) check.AtLeast(absl::StrCat(field, ".steps"), ramp.steps(), 1);
  if (ramp.has_epochs()) check.Positive(absl::StrCat(field, ".epochs"), ramp.epochs());
  const bool changes = ramp.length_case() != Ramp::LENGTH_NOT_SET || ramp.decay() != Ramp::LINEAR;
  check.That(ramp.has_to() || !changes, field,
             "has a curve or a length, and no `to` that it would lead to: say where it ends, e.g. "
             "{ to: 1 }");
}

// A ramp begins at `otherwise` where it does not say; one that is not given stays there.
inline RampSchedule ToSchedule(const Ramp& ramp, double otherwise) {
  const double from = ramp.has_from() ? ramp.from() : otherwise;
  return {.from = from,
          .to = ramp.has_to() ? ramp.to() : from,
          .decay = ramp.decay() == Ramp::COSINE ? Decay::kCosine : Decay::kLinear,
          .steps = ramp.steps(),
          .epochs = ramp.epochs()};
}

}  // namespace pretext
