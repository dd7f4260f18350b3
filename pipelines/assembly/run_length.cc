#include "pipelines/assembly/run_length.h"

#include <algorithm>
#include <cmath>

#include "pipelines/text/pipeline.pb.h"

namespace pretext {

namespace {

int64_t BatchesPerEpoch(const Pipeline::Train& train, int64_t samples) {
  const int64_t batch = train.batch_size();
  return train.drop_last() ? samples / batch : (samples + batch - 1) / batch;
}

}  // namespace

int64_t BatchesOfRun(const Pipeline& config, int64_t samples) {
  return config.train().epochs() * BatchesPerEpoch(config.train(), samples);
}

RunLength LengthOfRun(const Pipeline& config, int64_t samples) {
  const Pipeline::Train& train = config.train();
  const Pipeline::Schedule& schedule = config.schedule();
  RunLength length;
  length.batches_per_epoch = BatchesPerEpoch(train, samples);
  length.steps = train.has_steps()
                     ? train.steps()
                     : std::max<int64_t>(1, BatchesOfRun(config, samples) / train.accumulate());
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
