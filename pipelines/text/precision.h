// train { precision } as what a pass is told.
#pragma once

#include "core/autograd/precision.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

inline Precision PrecisionOf(Pipeline::Train::Precision precision) {
  return precision == Pipeline::Train::BF16 ? Precision::kBfloat16 : Precision::kFloat32;
}

}  // namespace pretext
