// What a run's figures say of its health, in words: the one place where these words are made, for
// the terminal and for the report. Each verdict has its number, what it is beside, and what to
// change. Nothing is claimed that chance could have brought: differences of accuracies are held
// against the scatter of so many samples, trends against that of the fit (trend.h).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/run/run_history.h"

namespace pretext {

// The first steps look collapsed, and are at chance, whatever follows.
inline constexpr int64_t kSettledSteps = 100;

struct Verdict {
  enum class Level : uint8_t { kGood, kNote, kBad };

  Level level = Level::kNote;
  // What it is about: "baseline", "chance", "input", "reconstruction",
  // "collapse", "rank", "trend", "held_out", "overfit", "loader".
  std::string about;
  std::string brief;   // "better than untrained (probe 82.88 against 73.86)"
  std::string advice;  // a sentence on what to change, or what it means; may be empty
};

// What lines do not say; 0 where it is not known.
struct JudgedRun {
  const RunHistory& history;  // outlives it
  int64_t features = 0;       // of h
};

// By importance: what is bad first, what is good, what is to be noted.
std::vector<Verdict> JudgeRun(const JudgedRun& run);

// "did it learn?", as a sentence that begins with Yes, No or Unknown.
std::string Headline(const std::vector<Verdict>& verdicts);

// One line of all briefs.
std::string VerdictLine(const std::vector<Verdict>& verdicts);

// Of the figures of one step (pipelines/train/monitor.h), each a whole sentence: complete collapse,
// dimensional collapse (of an h with more than two features: others have no more directions), views
// that do not differ.
std::vector<std::string> StepWarnings(const std::vector<std::pair<std::string, double>>& metrics,
                                      int64_t features);

}  // namespace pretext
