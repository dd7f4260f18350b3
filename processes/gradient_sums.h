// Sums over blocks, in buckets, of what becomes whole one after the other: while blocks still
// compute, the sum of what they are done with is on its way to the other processes.
//
//   sums.Begin();        before a pass
//   sums.Whole(b);       from any block's thread: own values of bucket b are whole
//   sums.Finish();       after the pass: all are whole, and all are summed when it returns
//
// Buckets go in their order, 0, 1 …, whatever becomes whole first, so that all processes exchange
// the same ones at the same time: bucket b waits for those before it. They go on a thread and a
// line of their own (Processes::beside), beside those that compute; what is left when the blocks
// are done is summed by all threads. A process by itself sums at the end.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "processes/block_group.h"

namespace pretext {

// A bucket of k processes is full from so many values: each adds up a slice of half a megabyte,
// which is large beside what a message costs, and the last bucket, which nothing hides, is soon
// sent.
inline int64_t BucketFloats(int processes) { return processes * (int64_t{1} << 17); }

class GradientSums {
 public:
  // What is summed of a bucket, once it is whole.
  using AddendsOf = std::function<std::vector<BlockGroup::Addends>(size_t bucket)>;

  // The group outlives it.
  GradientSums(BlockGroup& group, BlockGroup::Order order, size_t buckets, AddendsOf addends_of);
  // Ends what is on its way, wherever it waits.
  ~GradientSums();

  void Begin();
  void Whole(size_t bucket);
  // Not OK where the group's Sum is not.
  absl::Status Finish();

 private:
  void Work();
  absl::Status Sum(size_t bucket);

  BlockGroup& group_;
  const BlockGroup::Order order_;
  const AddendsOf addends_of_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<bool> whole_;
  size_t next_ = 0;      // to be summed
  bool beside_ = false;  // whether the thread goes on with it
  bool busy_ = false;    // it does
  bool ending_ = false;
  absl::Status status_;
  std::thread thread_;  // of several processes
};

}  // namespace pretext
