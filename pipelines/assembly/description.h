// What a pipeline comes to, for `pretext validate`.
#pragma once

#include <string>

#include "pipelines/assembly/assembly.h"

namespace pretext {

// Every part with its plugin, input, output and parameters, then the schedule, as a table for
// reading. The memory is pipelines/memory's line.
std::string DescribePipeline(const Assembled& parts);

}  // namespace pretext
