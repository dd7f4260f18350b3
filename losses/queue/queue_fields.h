// The faults of losses that compare with a queue of `rows` vectors at a temperature.
#pragma once

#include "core/plugin/build_context.h"
#include "core/plugin/field_checker.h"
#include "kernels/nt_xent/nt_xent.h"
#include "losses/targets/targets.h"

namespace pretext {

template <class Config>
void CheckQueueAndTarget(const Config& config, const BuildContext& context, FieldChecker& check) {
  check.Extent("rows", config.rows());
  check.AtLeast("temperature", config.temperature(), kLeastTemperature);
  CheckTarget(context, check);
}

}  // namespace pretext
