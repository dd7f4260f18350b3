// A pipeline's own sections (name, views, schedule, train, evaluate): their checks, and what
// follows from several of them. The parts check themselves.
#pragma once

namespace pretext {

class Pipeline;
class SourceMap;

// The most views of a sample.
inline constexpr int kMaxViews = 64;

// Adds a fault for each bad value.
void CheckSections(const Pipeline& pipeline, SourceMap* map);
// The same of `evaluate` alone.
void CheckEvaluateSection(const Pipeline& pipeline, SourceMap* map);

// The factor on the optimizer's learning rate that schedule.scaling asks for: 1, B/256 or √(B/256)
// for B = batch_size · accumulate.
double LearningRateScale(const Pipeline& pipeline);

}  // namespace pretext
