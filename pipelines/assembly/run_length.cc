#include "pipelines/assembly/run_length.h"

#include <algorithm>
#include <cmath>

#include "pipelines/text/pipeline.pb.h"

namespace pretext {

RunLength LengthOfRun(const Pipeline& config, int64_t samples) {
  const Pipeline::Train& train = config.train();
  const Pipeline::Schedule& schedule = config.schedule();
  const int64_t batch = train.batch_size();
  RunLength length;
  length.batches_per_epoch = train.drop_last() ? samples / batch : (samples + batch - 1) / batch;
  length.steps =
      train.has_steps()
          ? train.steps()
          : std::max<int64_t>(1, train.epochs() * length.batches_per_epoch / train.accumulate());
  length.steps_per_epoch =
      static_cast<double>(length.batches_per_epoch) / static_cast<double>(train.accumulate());
  length.warmup_steps = schedule.has_warmup_epochs()
                            ? StepsOf(schedule.warmup_epochs(), length.steps_per_epoch)
                            : schedule.warmup_steps();
  return length;
}

int64_t StepsOf(double epochs, double steps_per_epoch) {
  constexpr double kForever = 1e18;
  return std::llround(std::min(epochs * steps_per_epoch, kForever));
}

}  // namespace pretext
