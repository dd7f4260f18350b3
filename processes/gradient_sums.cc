#include "processes/gradient_sums.h"

#include <omp.h>

#include <utility>

namespace pretext {

GradientSums::GradientSums(BlockGroup& group, BlockGroup::Order order, size_t buckets,
                           AddendsOf addends_of)
    : group_(group), order_(order), addends_of_(std::move(addends_of)), whole_(buckets) {
  if (group_.processes().size() > 1) thread_ = std::thread([this] { Work(); });
}

GradientSums::~GradientSums() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    if (busy_) group_.processes().beside().Cancel();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void GradientSums::Begin() {
  const std::lock_guard lock(mutex_);
  whole_.assign(whole_.size(), false);
  next_ = 0;
  status_ = absl::OkStatus();
  beside_ = true;
}

void GradientSums::Whole(size_t bucket) {
  const std::lock_guard lock(mutex_);
  whole_[bucket] = true;
  if (bucket == next_) changed_.notify_all();
}

absl::Status GradientSums::Sum(size_t bucket) {
  return group_.Sum(addends_of_(bucket), group_.processes().beside(), order_);
}

void GradientSums::Work() {
  omp_set_num_threads(1);
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] {
      return ending_ || (beside_ && status_.ok() && next_ < whole_.size() && whole_[next_]);
    });
    if (ending_) return;
    busy_ = true;
    const size_t bucket = next_;
    lock.unlock();
    absl::Status status = Sum(bucket);
    lock.lock();
    busy_ = false;
    if (!status.ok()) status_ = std::move(status);
    ++next_;
    changed_.notify_all();
  }
}

absl::Status GradientSums::Finish() {
  std::unique_lock lock(mutex_);
  beside_ = false;
  changed_.wait(lock, [&] { return !busy_; });
  for (; status_.ok() && next_ < whole_.size(); ++next_) status_ = Sum(next_);
  return status_;
}

}  // namespace pretext
