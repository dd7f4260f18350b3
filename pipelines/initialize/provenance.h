// Where weights came from, in words.
#pragma once

#include <string>
#include <vector>

#include "pipelines/initialize/matching.h"
#include "pipelines/initialize/weight_file.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

// Lines for the summary: which file gives how much, what is converted, left out and left random,
// and where the parts' configs are other than those of the run that it comes from.
std::vector<std::string> Provenance(const WeightFile& file, const Matching& matching,
                                    const Pipeline& config, const Pipeline::Initialize& entry);

}  // namespace pretext
