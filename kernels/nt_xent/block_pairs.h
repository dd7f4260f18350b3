// The order in which pairs of blocks are worked on. Internal to the package.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace pretext::nt_xent_internal {

// All pairs {a, b} of `blocks` blocks, a = b included, in rounds in which every block occurs once
// (round robin by the circle method, after a round of the pairs a = a). Pairs of one round are
// independent although each changes what belongs to both of its blocks; each block meets the others
// in one fixed order.
class BlockPairs {
 public:
  explicit BlockPairs(int64_t blocks) : blocks_(blocks), players_(blocks + blocks % 2) {}

  struct Pair {
    int64_t round;
    int64_t a, b;  // a <= b; b = blocks: a has nobody to meet in this round
  };

  int64_t count() const { return blocks_ + (players_ - 1) * (players_ / 2); }

  Pair At(int64_t index) const {
    if (index < blocks_) return {0, index, index};
    const int64_t circle = players_ - 1;
    const int64_t turn = (index - blocks_) / (players_ / 2);
    const int64_t place = (index - blocks_) % (players_ / 2);
    const int64_t a = place == 0 ? circle : (turn + place) % circle;
    const int64_t b = place == 0 ? turn : (turn - place + circle) % circle;
    return {turn + 1, a < b ? a : b, a < b ? b : a};
  }

  // function(index, pair, thread's own state) for every pair, in parallel; state: made once a
  // thread by make_state(). A block's pairs run one after the other in the order of the rounds,
  // whatever the number of threads. There is no barrier between rounds: a thread waits for the two
  // blocks it needs, no more, so one that the system has put aside does not hold up the others.
  template <class MakeState, class Function>
  void ForEach(MakeState&& make_state, Function&& function) const {
    std::vector<std::atomic<int64_t>> rounds_done(blocks_);
    std::atomic<int64_t> next = 0;
#pragma omp parallel
    {
      auto&& state = make_state();
      // Pairs are taken in order, so the first that is not done never waits for a later one.
      for (int64_t index = next++; index < count(); index = next++) {
        const Pair pair = At(index);
        Await(rounds_done[pair.a], pair.round);
        if (pair.b < blocks_) {
          if (pair.b != pair.a) Await(rounds_done[pair.b], pair.round);
          function(index, pair, state);
          rounds_done[pair.b].store(pair.round + 1, std::memory_order_release);
        }
        rounds_done[pair.a].store(pair.round + 1, std::memory_order_release);
      }
    }
  }

 private:
  static void Await(const std::atomic<int64_t>& rounds_done, int64_t round) {
    while (rounds_done.load(std::memory_order_acquire) < round) std::this_thread::yield();
  }

  int64_t blocks_;
  int64_t players_;
};

}  // namespace pretext::nt_xent_internal
