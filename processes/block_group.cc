#include "processes/block_group.h"

#include <omp.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/check/check.h"
#include "processes/group_failure.h"

namespace pretext {
namespace {

constexpr char kMeetAlike[] = "all blocks meet at the same places of their work";

}  // namespace

class BlockGroup::Member final : public BlockMember {
 public:
  Member(BlockGroup& group, int index, size_t place) : place(place), group_(group), index_(index) {}

  int index() const override { return index_; }
  int count() const override { return group_.blocks_; }
  bool is_first() const override { return index_ == group_.own_.begin; }

  using BlockMember::Gather;
  const void* Gather(const void* values, const std::vector<int64_t>& counts) override {
    PRETEXT_CHECK(static_cast<int>(counts.size()) == count(), "a count for each block");
    // The buffer of the meeting after the next: nobody reads it any more.
    std::vector<uint32_t>& all = group_.gathered_[turn_++ % 2];
    const int64_t total = std::accumulate(counts.begin(), counts.end(), int64_t{0});
    const int64_t before = std::accumulate(counts.begin(), counts.begin() + index_, int64_t{0});
    // Its size changes at meetings alone: all blocks find the same here.
    if (static_cast<int64_t>(all.size()) < total)
      group_.Meet(*this, [&] { all.resize(static_cast<size_t>(total)); });
    const auto own = static_cast<size_t>(counts[static_cast<size_t>(index_)]);
    if (own > 0) std::memcpy(all.data() + before, values, own * 4);  // null is no source of memcpy
    group_.Meet(*this, [&] {
      const absl::Status status = group_.ExchangeSegments(counts, all.data());
      if (!status.ok()) throw GroupFailure(status);
    });
    return all.data();
  }

  void Shift(int by, const void* given, const std::vector<int64_t>& counts, void* taken) override {
    PRETEXT_CHECK(static_cast<int>(counts.size()) == count() && by != 0 && std::abs(by) < count(),
                  "a count for each block, and another place");
    given_ = given;
    taken_ = taken;
    group_.Meet(*this, [&] {
      const absl::Status status = group_.ShiftOwn(by, counts);
      if (!status.ok()) throw GroupFailure(status);
    });
  }

  void Once(const std::function<void()>& act) override { group_.Meet(*this, act); }

  // Before a run: one that failed may have left them at different turns.
  void Begin() { turn_ = 0; }

  // The group's, under its lock.
  const size_t place;
  bool may_go = false;
  std::condition_variable woken;
  // Of a shift.
  const void* given_ = nullptr;
  void* taken_ = nullptr;

 private:
  BlockGroup& group_;
  const int index_;
  size_t turn_ = 0;
};

BlockGroup::BlockGroup(Processes& processes, int blocks, int threads)
    : processes_(processes),
      blocks_(blocks),
      own_(BlocksOf(processes.rank(), processes.size(), blocks)),
      places_(static_cast<size_t>(std::max(1, threads))),
      sums_(processes.rank(), processes.size(), blocks) {
  PRETEXT_CHECK(own_.size() > 0, "a process has at least one block");
  for (int b = own_.begin; b < own_.end; ++b) {
    const size_t place = static_cast<size_t>(b - own_.begin) % places_.size();
    members_.push_back(std::make_unique<Member>(*this, b, place));
  }
  try {
    for (const auto& member : members_)
      threads_.emplace_back([this, &member = *member] { Work(member); });
  } catch (...) {
    EndThreads();  // those that the system has given
    throw;
  }
}

BlockGroup::~BlockGroup() { EndThreads(); }

void BlockGroup::EndThreads() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  for (const auto& member : members_) member->woken.notify_one();
  for (std::thread& thread : threads_) thread.join();
}

void BlockGroup::Resume(Member& member) {
  Place& place = places_[member.place];
  if (place.taken) {
    place.ready.push_back(&member);
    return;
  }
  place.taken = member.may_go = true;
  member.woken.notify_one();
}

void BlockGroup::Yield(Member& member) {
  Place& place = places_[member.place];
  place.taken = !place.ready.empty();
  if (!place.taken) return;
  Member& next = *place.ready.front();
  place.ready.pop_front();
  next.may_go = true;
  next.woken.notify_one();
}

void BlockGroup::Wait(Member& member, std::unique_lock<std::mutex>& lock) {
  member.woken.wait(lock, [&] { return member.may_go || ending_; });
  member.may_go = false;
}

void BlockGroup::Work(Member& member) {
  // What a block computes is the same whatever the process has of threads.
  omp_set_num_threads(1);
  std::unique_lock lock(mutex_);
  while (true) {
    Wait(member, lock);
    if (ending_) return;
    lock.unlock();
    try {
      if (const absl::Status status = work_(member); !status.ok()) Break(nullptr, status);
    } catch (const GroupFailure& failure) {
      Break(nullptr, failure.status());
    } catch (...) {
      Break(std::current_exception(), absl::OkStatus());
    }
    lock.lock();
    PRETEXT_CHECK(broken_ || there_ == 0, kMeetAlike);
    Yield(member);
    if (--working_ == 0) done_.notify_one();
  }
}

void BlockGroup::Break(std::exception_ptr thrown, const absl::Status& status) {
  const std::lock_guard lock(mutex_);
  if (broken_) return;
  broken_ = true;
  status_ = status;
  thrown_ = std::move(thrown);
  EndMeeting();
}

absl::Status BlockGroup::Run(const std::function<absl::Status(BlockMember&)>& work) {
  std::unique_lock lock(mutex_);
  broken_ = false;
  status_ = absl::OkStatus();
  thrown_ = nullptr;
  there_ = 0;
  for (const auto& member : members_) member->Begin();
  work_ = work;
  working_ = own_.size();
  for (const auto& member : members_) Resume(*member);
  done_.wait(lock, [&] { return working_ == 0; });
  if (thrown_ != nullptr) std::rethrow_exception(thrown_);
  return status_;
}

void BlockGroup::EndMeeting() {
  there_ = 0;
  for (Member* const member : waiting_) Resume(*member);
  waiting_.clear();
}

void BlockGroup::Meet(Member& member, const std::function<void()>& act) {
  std::unique_lock lock(mutex_);
  if (broken_) throw GroupFailure(status_);
  PRETEXT_CHECK(working_ == own_.size(), kMeetAlike);
  if (++there_ < own_.size()) {
    const int64_t before = meetings_;
    waiting_.push_back(&member);
    Yield(member);
    Wait(member, lock);
    if (meetings_ == before) throw GroupFailure(status_);
    return;
  }
  // The others wait: nobody else touches what they share.
  lock.unlock();
  act();
  lock.lock();
  ++meetings_;
  EndMeeting();
}

absl::Status BlockGroup::ExchangeSegments(const std::vector<int64_t>& counts, uint32_t* words) {
  const int size = processes_.size();
  if (size == 1) return absl::OkStatus();
  std::vector<Processes::Message> out, in;
  const auto segment = [&](int rank) {
    const BlockRange range = BlocksOf(rank, size, blocks_);
    const int64_t first = std::accumulate(counts.begin(), counts.begin() + range.begin, int64_t{0});
    const int64_t length =
        std::accumulate(counts.begin() + range.begin, counts.begin() + range.end, int64_t{0});
    return Processes::Message{rank, words + first, static_cast<size_t>(length) * 4};
  };
  Processes::Message own = segment(processes_.rank());
  for (int r = 0; r < size; ++r) {
    if (r == processes_.rank()) continue;
    out.push_back({r, own.data, own.bytes});
    in.push_back(segment(r));
  }
  return processes_.Exchange(out, in);
}

absl::Status BlockGroup::ShiftOwn(int by, const std::vector<int64_t>& counts) {
  // By the block that takes, on both sides: the order of messages between two processes.
  std::vector<Processes::Message> out, in;
  for (int to = 0; to < blocks_; ++to) {
    const int from = (to + by + blocks_) % blocks_;
    const size_t bytes = static_cast<size_t>(counts[static_cast<size_t>(from)]) * 4;
    const int taker = OwnerOf(to), giver = OwnerOf(from), own = processes_.rank();
    if (taker != own && giver != own) continue;
    const void* const given = giver == own ? MemberOf(from).given_ : nullptr;
    void* const taken = taker == own ? MemberOf(to).taken_ : nullptr;
    if (given != nullptr && taken != nullptr) {
      std::memcpy(taken, given, bytes);
    } else if (given != nullptr) {
      out.push_back({taker, const_cast<void*>(given), bytes});
    } else {
      in.push_back({giver, taken, bytes});
    }
  }
  return processes_.size() == 1 ? absl::OkStatus() : processes_.Exchange(out, in);
}

BlockGroup::Member& BlockGroup::MemberOf(int block) const {
  return *members_[static_cast<size_t>(block - own_.begin)];
}

}  // namespace pretext
