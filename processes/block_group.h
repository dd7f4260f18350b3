// The blocks of a batch that this process computes, each on a thread of its own, and their ways to
// those of other processes.
//
// Process r of k has blocks [r G / k, (r + 1) G / k). At most `threads` of them compute at a time,
// the others wait: a block that waits for others lets the next one go on.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "core/group/block_member.h"
#include "core/group/block_tree.h"
#include "processes/processes.h"

namespace pretext {

class BlockGroup {
 public:
  // k <= blocks. The processes outlive it.
  BlockGroup(Processes& processes, int blocks, int threads);
  ~BlockGroup();

  int blocks() const { return blocks_; }
  const BlockRange& own() const { return own_; }  // of this process
  Processes& processes() { return processes_; }

  // work(member) on all own blocks' threads. The first failure ends the others at the next place
  // where they meet; an exception is thrown here.
  absl::Status Run(const std::function<absl::Status(BlockMember&)>& work);

  // In which order values of blocks are added: by the tree over them (block_tree.h), or each
  // process's first and those of processes as is fastest (Processes::AddUp).
  enum class Order : uint8_t { kTree, kFast };

  // sums[i] becomes the sum of all blocks', on every process, by way of `line`: this group's
  // processes, or those beside, on which a Run may go on meanwhile. From one thread at a time.
  // values[b] are of own block own().begin + b, null for zeros; `sums` may be one of them.
  struct Addends {
    int64_t count;
    std::vector<const float*> values;
    float* sums;
  };
  absl::Status Sum(const std::vector<Addends>& addends, Processes& line, Order order);

 private:
  class Member;

  void Work(Member& member);
  void EndThreads();
  // All own blocks' threads; the last to come does `act`.
  void Meet(Member& member, const std::function<void()>& act);
  // Under the lock. Who waits at a meeting goes on.
  void EndMeeting();
  // Lets a member go on when its place is free; leaves its place to the next; until it may go on.
  void Resume(Member& member);
  void Yield(Member& member);
  void Wait(Member& member, std::unique_lock<std::mutex>& lock);
  void Break(std::exception_ptr thrown, const absl::Status& status);
  absl::Status ExchangeSegments(const std::vector<int64_t>& counts, uint32_t* words);
  // Of own blocks, what each gives to its taker.
  absl::Status ShiftOwn(int by, const std::vector<int64_t>& counts);
  Member& MemberOf(int block) const;
  // The process that has a block.
  int OwnerOf(int block) const {
    return static_cast<int>(((block + 1) * int64_t{processes_.size()} - 1) / blocks_);
  }
  absl::Status SumOverProcesses(const std::vector<Addends>& addends, Processes& line);
  absl::Status SumFast(const std::vector<Addends>& addends, Processes& line);
  // Of own blocks, elements [begin, begin + count).
  void SumOwn(const BlockRange& node, const Addends& addends, int64_t begin, int64_t count,
              float* sum) const;

  Processes& processes_;
  const int blocks_;
  const BlockRange own_;
  std::vector<std::unique_ptr<Member>> members_;

  // One of `threads` that compute: its blocks go on one after the other, each woken by the one that
  // waits, on the core that this leaves.
  struct Place {
    bool taken = false;
    std::deque<Member*> ready;  // that could go on
  };

  std::mutex mutex_;
  std::vector<Place> places_;
  bool ending_ = false;
  // Of a Run.
  std::function<absl::Status(BlockMember&)> work_;
  int working_ = 0;  // members that have not ended it
  std::condition_variable done_;
  // Of a meeting.
  int there_ = 0;
  std::vector<Member*> waiting_;
  int64_t meetings_ = 0;  // that are over
  // The first failure of the run.
  bool broken_ = false;
  absl::Status status_;
  std::exception_ptr thrown_;

  std::vector<uint32_t> gathered_[2];  // of meetings in turn
  // Of sums over processes: own nodes, what comes of others', the sum. They keep their memory.
  std::vector<std::vector<float>> node_sums_, taken_;
  std::vector<float> sum_;
  std::vector<std::thread> threads_;
};

}  // namespace pretext
