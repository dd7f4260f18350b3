// How a representation is measured, as a pipeline's evaluate { … } has it.
#pragma once

#include "base/work/work.h"
#include "evaluation/representation/representation.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

// Of a section with its defaults filled in (FillDefaults). Split, chain and precision are those of
// RepresentationOptions by itself.
RepresentationOptions OptionsOf(const Pipeline::Evaluate& config, const Work& work);

}  // namespace pretext
