// Reads the batches of a split in order, on a thread of its own, some ahead. Internal to the
// package.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "core/loader/loader.h"

namespace pretext {

// The samples of one batch as they were read.
struct RawBatch {
  int64_t epoch = 0;
  int64_t whole = 0;  // samples of all of its blocks
  std::vector<Sample> samples;
  absl::Status status;
  std::exception_ptr thrown;  // by a library while they were read
};

// At most `prefetch` ahead.
class BatchReader {
 public:
  // Both outlive it.
  BatchReader(const Dataset& dataset, const LoaderOptions& options);
  ~BatchReader() { Stop(); }

  int64_t samples() const { return samples_; }
  int64_t batches() const { return batches_; }

  void Seek(int64_t epoch, int64_t batch);
  RawBatch Take();
  // Takes a used batch back: its vectors keep their memory.
  void GiveBack(RawBatch raw);

 private:
  void Stop();
  void Run();
  void Read(RawBatch& raw);

  const Dataset& dataset_;
  const LoaderOptions& options_;
  int64_t samples_ = 0, batches_ = 0;
  std::vector<int64_t> drawn_;     // of a limited split: the samples' indices, rising
  int64_t epoch_ = 0, batch_ = 0;  // of the next batch to read; the thread's while it runs

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<RawBatch> ready_;
  std::vector<RawBatch> spare_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace pretext
