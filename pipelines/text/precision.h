// train { precision } as what a pass is told.
#pragma once

#include "core/autograd/precision.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

inline Precision PrecisionOf(const Pipeline::Train& train) {
  return train.precision() == Pipeline::Train::BF16 ? Precision::kBfloat16 : Precision::kFloat32;
}

}  // namespace pretext
