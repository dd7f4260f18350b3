#include "pipelines/train/checkpointer.h"

#include "pipelines/text/pipeline.pb.h"

namespace pretext {

bool Checkpointer::IsDue(int64_t step) const {
  const int64_t every = parts_.config->train().checkpoint_every_steps();
  return every > 0 && step % every == 0;
}

absl::Status Checkpointer::Save(const Cursor& cursor) {
  return SaveCheckpoint(run_.checkpoint_path(), cursor,
                        {&parts_.encoder->parameters(), &parts_.head->parameters()},
                        *parts_.optimizer);
}

absl::StatusOr<Cursor> Checkpointer::Load() {
  return LoadCheckpoint(run_.checkpoint_path(),
                        {&parts_.encoder->parameters(), &parts_.head->parameters()},
                        *parts_.optimizer);
}

}  // namespace pretext
