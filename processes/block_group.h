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
#include "processes/block_sums.h"
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

  // block_sums.h; `line` is of this group's processes, or those beside, on which a Run may go on
  // meanwhile.
  using Order = BlockSums::Order;
  using Addends = BlockSums::Addends;
  absl::Status Sum(const std::vector<Addends>& addends, Processes& line, Order order) {
    return sums_.Sum(addends, line, order);
  }

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
  BlockSums sums_;
  std::vector<std::thread> threads_;
};

}  // namespace pretext
