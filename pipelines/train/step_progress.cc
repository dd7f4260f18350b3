#include "pipelines/train/step_progress.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace pretext {

void StepProgress::Show(const Cursor& cursor, double data_seconds, bool stays) {
  const int64_t begun = (cursor.batches + plan_.batches_per_epoch - 1) / plan_.batches_per_epoch;
  ProgressState state{.step = cursor.step,
                      .total_steps = plan_.total_steps,
                      .epoch = std::max<int64_t>(1, begun),
                      .total_epochs = plan_.total_epochs(),
                      .loss = log_.loss(),
                      .items_per_second = log_.items_per_second(),
                      .item = plan_.items_per_row > 1 ? "tokens" : "samples"};
  if (seconds_ > 0 && data_seconds / seconds_ >= 0.01) {
    state.extra = absl::StrFormat("(%.0f %% data)", 100 * data_seconds / seconds_);
  }
  if (const auto* held_out = log_.held_out_loss(); held_out != nullptr) {
    const std::string beside = absl::StrFormat("%s %.5g", held_out->first, held_out->second);
    state.extra = state.extra.empty() ? beside : absl::StrCat(beside, " ", state.extra);
  }
  progress_.Show(state, stays);
}

}  // namespace pretext
