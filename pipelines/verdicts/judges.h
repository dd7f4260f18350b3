// The judges that JudgeRun asks, each of one matter. They add their verdicts.
#pragma once

#include <vector>

#include "pipelines/verdicts/verdicts.h"

namespace pretext {

// Whether h, z or the targets are nearly the same for every sample; the effective rank of h. Before
// JudgeFigures, which asks what it found.
void JudgeCollapse(const JudgedRun& run, std::vector<Verdict>& verdicts);
// The latest evaluation beside its baselines; where it has none, the loss beside chance: below it
// is good unless collapse was found before, which is how some losses become small.
void JudgeFigures(const JudgedRun& run, std::vector<Verdict>& verdicts);
// How the losses move: still falling, rising, settled; held-out loss against training loss.
void JudgeLosses(const JudgedRun& run, std::vector<Verdict>& verdicts);
// The time that is spent on samples.
void JudgeLoader(const JudgedRun& run, std::vector<Verdict>& verdicts);

}  // namespace pretext
