#include "pipelines/verdicts/verdicts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pipelines/verdicts/judges.h"

namespace pretext {

std::vector<Verdict> JudgeRun(const JudgedRun& run) {
  std::vector<Verdict> verdicts;
  JudgeCollapse(run, verdicts);
  JudgeFigures(run, verdicts);
  JudgeLosses(run, verdicts);
  JudgeLoader(run, verdicts);
  const auto order = [](const Verdict& verdict) {
    switch (verdict.level) {
      case Verdict::Level::kBad:
        return 0;
      case Verdict::Level::kGood:
        return 1;
      case Verdict::Level::kNote:
        return 2;
    }
    return 2;
  };
  std::stable_sort(verdicts.begin(), verdicts.end(),
                   [&](const Verdict& a, const Verdict& b) { return order(a) < order(b); });
  return verdicts;
}

std::string Headline(const std::vector<Verdict>& verdicts) {
  const auto is = [](const Verdict& verdict, Verdict::Level level,
                     std::initializer_list<const char*> matters) {
    return verdict.level == level &&
           std::find(matters.begin(), matters.end(), verdict.about) != matters.end();
  };
  for (const Verdict& verdict : verdicts) {
    if (is(verdict, Verdict::Level::kBad, {"baseline", "chance", "collapse"}))
      return absl::StrCat("No: ", verdict.brief, ".");
  }
  for (const Verdict& verdict : verdicts) {
    if (verdict.level == Verdict::Level::kGood) return absl::StrCat("Yes: ", verdict.brief, ".");
  }
  for (const Verdict& verdict : verdicts) {
    if (is(verdict, Verdict::Level::kNote, {"reconstruction", "input"}))
      return absl::StrCat("Unknown: ", verdict.brief, ".");
  }
  return "Unknown: nothing was measured beside a baseline.";
}

std::string VerdictLine(const std::vector<Verdict>& verdicts) {
  return absl::StrJoin(verdicts, "; ", [](std::string* out, const Verdict& verdict) {
    absl::StrAppend(out, verdict.brief);
  });
}

}  // namespace pretext
