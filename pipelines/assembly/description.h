// What a pipeline comes to, for `pretext validate`.
#pragma once

#include <string>

#include "pipelines/assembly/assembly.h"

namespace pretext {

// Every part with its plugin, input, output and parameters, then the schedule and the memory, as a
// table for reading.
std::string DescribePipeline(const Assembled& parts);

}  // namespace pretext
