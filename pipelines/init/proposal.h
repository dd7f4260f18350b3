// From facts about data, and what this machine can do, to the text of a pipeline with its reasons.
#pragma once

#include <string>

#include "pipelines/init/architecture.h"
#include "pipelines/init/data_facts.h"
#include "pipelines/init/length.h"
#include "pipelines/init/method.h"

namespace pretext {

// The whole text.
std::string PipelineText(const std::string& name, Method method, const DataFacts& facts,
                         const Architecture& architecture, const Length& length,
                         const Timing& timing, double hours);

}  // namespace pretext
