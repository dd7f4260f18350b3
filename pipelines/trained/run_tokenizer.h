// The tokenizer that a run is measured with on other data: its own.
#pragma once

#include <string>

namespace pretext {

class Pipeline;
struct LoadedPipeline;

// The tokenizer of the given dataset becomes that of the run's, `own`; a dataset without one stays
// as it is. What is written of another is a fault at its place in the given text, unless it is a
// vocabulary that makes the same tokens, as `fingerprint`, the run's, tells.
void TakeTokenizer(const Pipeline& own, const std::string& fingerprint, LoadedPipeline& given);

}  // namespace pretext
