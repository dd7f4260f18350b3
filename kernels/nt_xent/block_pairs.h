// The order in which pairs of blocks are worked on. Internal to the package.
#pragma once

#include <cstdint>

namespace pretext::nt_xent_internal {

// All pairs {a, b} of `blocks` blocks, a = b included, in rounds in which every block occurs at
// most once: pairs of one round can run side by side although each changes what belongs to both of
// its blocks. Rounds run one after the other, so each block meets the others in one order. (Round
// robin by the circle method; first the pairs a = a.)
class BlockPairs {
 public:
  explicit BlockPairs(int64_t blocks) : blocks_(blocks), players_(blocks + blocks % 2) {}

  int64_t rounds() const { return players_; }
  // Places in a round; some are empty in all but the first when the number of blocks is odd.
  int64_t places(int64_t round) const { return round == 0 ? blocks_ : players_ / 2; }

  struct Pair {
    int64_t a, b;   // a <= b; a = -1: an empty place
    int64_t index;  // counts all places from 0
  };
  Pair At(int64_t round, int64_t place) const {
    if (round == 0) return {place, place, place};
    const int64_t circle = players_ - 1;
    const int64_t turn = round - 1;
    int64_t a = place == 0 ? circle : (turn + place) % circle;
    int64_t b = place == 0 ? turn : (turn - place + circle) % circle;
    if (a > b) {
      const int64_t t = a;
      a = b;
      b = t;
    }
    if (b >= blocks_) a = -1;
    return {a, b, blocks_ + turn * (players_ / 2) + place};
  }
  int64_t total_places() const { return blocks_ + (players_ - 1) * (players_ / 2); }

 private:
  int64_t blocks_;
  int64_t players_;
};

}  // namespace pretext::nt_xent_internal
