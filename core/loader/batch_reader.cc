#include "core/loader/batch_reader.h"

#include <algorithm>
#include <utility>

#include "base/random/permutation.h"
#include "core/flow/by_class.h"
#include "core/group/block_member.h"
#include "core/loader/content_sums.h"

namespace pretext {

BatchReader::BatchReader(const Dataset& dataset, const LoaderOptions& options)
    : dataset_(dataset), options_(options) {
  samples_ = dataset.size(options.split);
  if (options.limit > 0 && options.limit < samples_) {
    std::vector<int32_t> labels = LabelsOf(dataset, options.split);
    labels.resize(static_cast<size_t>(samples_), -1);  // one class where there are none
    drawn_ =
        DrawByClass(labels, options.limit, /*leaves_one=*/false, {.purpose = Purpose::kEvaluation});
    samples_ = options.limit;
  }
  batches_ = options.drop_last ? samples_ / options.batch_size
                               : (samples_ + options.batch_size - 1) / options.batch_size;
}

void BatchReader::Seek(int64_t epoch, int64_t batch) {
  Stop();
  for (RawBatch& raw : ready_) spare_.push_back(std::move(raw));
  ready_.clear();
  epoch_ = epoch + batch / batches_;
  batch_ = batch % batches_;
}

RawBatch BatchReader::Take() {
  if (!thread_.joinable()) {
    stopping_ = false;
    thread_ = std::thread([this] { Run(); });
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !ready_.empty(); });
  RawBatch raw = std::move(ready_.front());
  ready_.pop_front();
  changed_.notify_all();
  return raw;
}

void BatchReader::GiveBack(RawBatch raw) {
  const std::lock_guard lock(mutex_);
  spare_.push_back(std::move(raw));
}

void BatchReader::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void BatchReader::Run() {
  for (;;) {
    RawBatch raw;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        return stopping_ || ready_.size() < static_cast<size_t>(std::max(1, options_.prefetch));
      });
      if (stopping_) return;
      if (!spare_.empty()) {
        raw = std::move(spare_.back());
        spare_.pop_back();
      }
    }
    raw.thrown = nullptr;
    try {
      Read(raw);
    } catch (...) {
      raw.thrown = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    ready_.push_back(std::move(raw));
    changed_.notify_all();
  }
}

void BatchReader::Read(RawBatch& raw) {
  const RandomKey key{
      .seed = options_.seed, .purpose = Purpose::kShuffle, .epoch = static_cast<uint32_t>(epoch_)};
  const Permutation order(key, samples_);
  const int64_t first = batch_ * options_.batch_size;
  const int64_t whole = std::min(options_.batch_size, samples_ - first);
  const int64_t begin = first + FirstSample(whole, options_.block, options_.blocks);
  const int64_t count = first + FirstSample(whole, options_.block + 1, options_.blocks) - begin;
  raw.epoch = epoch_;
  raw.whole = whole;
  raw.status = absl::OkStatus();
  raw.samples.resize(static_cast<size_t>(count));
  for (int64_t i = 0; i < count && raw.status.ok(); ++i) {
    int64_t index = options_.shuffle ? order[begin + i] : begin + i;
    if (!drawn_.empty()) index = drawn_[static_cast<size_t>(index)];
    raw.status = dataset_.Fetch(options_.split, index, raw.samples[static_cast<size_t>(i)]);
  }
  if (++batch_ == batches_) {
    batch_ = 0;
    ++epoch_;
  }
}

}  // namespace pretext
