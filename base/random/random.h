// Counter-based random numbers (Philox 4x32-10; Salmon et al. 2011, "Parallel random numbers: as
// easy as 1, 2, 3").
//
// A stream is named by what it is for, not by who drew before it:
//
//   Random random({.seed = 1, .purpose = Purpose::kAugmentation,
//                  .epoch = 3, .sample = 17, .view = 1});
//   float angle = random.Uniform(-10, 10);
//
// so a result depends neither on threads nor on where a run was resumed, and any point of any
// stream can be reached in constant time. Streams whose keys differ in any field are independent.
#pragma once

#include <array>
#include <cstdint>

namespace pretext {

// What a stream is for. Values are part of the reproducibility contract: never renumber.
enum class Purpose : uint32_t {
  kTest = 0,
  kInitialization = 1,
  kShuffle = 2,
  kAugmentation = 3,
  kDropout = 4,
  kSplit = 5,
  kEvaluation = 6,
  kLoss = 7,
};

struct RandomKey {
  uint64_t seed = 0;
  Purpose purpose = Purpose::kTest;
  uint32_t epoch = 0;
  uint64_t sample = 0;  // sample, parameter or layer; below 2^48
  uint32_t view = 0;    // view, or position within a chain; below 2^16
};

// The four 32-bit words of block `counter` of a stream (the raw generator).
std::array<uint32_t, 4> Philox(const std::array<uint32_t, 4>& counter,
                               const std::array<uint32_t, 2>& key);

// The Philox key and the upper three counter words that a RandomKey stands for; the lowest counter
// word is the block's index. For kernels that draw many numbers at once (dropout).
struct PhiloxState {
  std::array<uint32_t, 2> key;
  std::array<uint32_t, 3> counter;
};
PhiloxState MakePhiloxState(const RandomKey& key);

// One stream. Satisfies UniformRandomBitGenerator, so Abseil's and the standard
// distributions take it.
class Random {
 public:
  using result_type = uint32_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return 0xffffffffu; }

  explicit Random(const RandomKey& key) : state_(MakePhiloxState(key)) {}

  uint32_t Next() {
    if (used_ == 4) Refill();
    return block_[used_++];
  }
  result_type operator()() { return Next(); }

  // Uniform in [0, 1), 24 random bits.
  float Uniform() { return static_cast<float>(Next() >> 8) * 0x1p-24f; }
  // Uniform in [low, high).
  float Uniform(float low, float high) { return low + (high - low) * Uniform(); }
  // Uniform in [0, bound) without modulo bias (Lemire 2019); bound > 0.
  uint32_t Below(uint32_t bound);
  // True with the given probability; 0 is never, 1 is always.
  bool Bernoulli(float probability) { return Uniform() < probability; }
  // Standard normal (Box-Muller; both values of a pair are used).
  float Normal();

 private:
  void Refill();

  PhiloxState state_;
  std::array<uint32_t, 4> block_{};
  uint32_t index_ = 0;  // of the next block
  int used_ = 4;
  float spare_normal_ = 0;
  bool has_spare_ = false;
};

}  // namespace pretext
