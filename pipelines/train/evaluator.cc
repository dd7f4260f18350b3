#include "pipelines/train/evaluator.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/tensor/memory_pool.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

bool Evaluator::IsDue(const Cursor& cursor) const {
  if (cursor.step == plan_.total_steps) return true;
  const int64_t every = parts_.config->evaluate().every_epochs();
  return every > 0 && plan_.EndsEpoch(cursor.batches) &&
         plan_.WholeEpochs(cursor.batches) % every == 0;
}

absl::StatusOr<Figures> Evaluator::Measure(const Cursor& cursor) {
  const Work work([this](absl::string_view what, double share) {
    progress_.ShowWork(absl::StrCat("evaluation: ", what), share);
    return !stop_.is_made();
  });
  const absl::Time start = absl::Now();
  // An evaluation's tensors have other sizes than a step's, and what is gathered for the report has
  // others again: none are kept beside the others.
  MemoryPool::Trim();
  stop_.all_is_saved = true;
  absl::StatusOr<Figures> figures = evaluation_.Run(cursor.step == plan_.total_steps, work);
  absl::Status gathered;
  if (figures.ok()) {
    figures->seconds = absl::ToDoubleSeconds(absl::Now() - start);
    MemoryPool::Trim();
    gathered = report_.Gather(cursor, evaluation_, work);
  }
  stop_.all_is_saved = false;
  MemoryPool::Trim();
  if (!figures.ok()) return figures.status();
  if (!gathered.ok()) return gathered;
  progress_.Say(FormatFigures(*figures));
  for (const std::string& warning : figures->warnings)
    progress_.Say(absl::StrCat("warning: ", warning));
  return figures;
}

}  // namespace pretext
