// What a ConvPlan's passes are worked off by. Internal to the package; functions are ConvPlan's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/conv/conv.h"

namespace pretext::conv_internal {

class ConvEngine {
 public:
  virtual ~ConvEngine() = default;

  virtual bool winograd(ConvPlan::Pass pass) const = 0;
  virtual size_t workspace_bytes(ConvPlan::Pass pass) const = 0;
  virtual void Prepare(ConvPlan::Pass pass, const float* weight, void* workspace) const = 0;
  virtual void Forward(int64_t count, const void* x, void* y, void* workspace) const = 0;
  virtual void BackwardData(int64_t count, const void* dy, void* dx, bool accumulate,
                            void* workspace) const = 0;
  virtual void BackwardWeights(int64_t count, const void* x, const void* dy, bool first,
                               void* workspace) const = 0;
  virtual void FinishBackwardWeights(float* dweight, bool accumulate, void* workspace) const = 0;
};

}  // namespace pretext::conv_internal
