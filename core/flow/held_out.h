// A deterministic held-out split of N samples.
#pragma once

#include <cstdint>
#include <vector>

namespace pretext {

struct HeldOutSplit {
  std::vector<int64_t> train, test;  // indices of samples, rising; together 0 … N-1
};

// How many of N samples HoldOut holds out.
int64_t HeldOutCount(int64_t n, double fraction);

// Round(fraction · N) samples chosen at random, keyed by the seed, are held out for the test split;
// where the fraction is above 0 and N above 1, at least one, and at least one is left to train on.
// 0 <= fraction < 1. With a label a sample every class has its share on both sides
// (core/flow/by_class.h).
HeldOutSplit HoldOut(int64_t n, double fraction, uint64_t seed,
                     const std::vector<int32_t>& labels = {});

}  // namespace pretext
