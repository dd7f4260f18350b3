// Parts of labelled samples in which every class has its share.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random/random.h"

namespace pretext {

// How many samples of each class a part of `count` samples has, of classes of these sizes: those in
// proportion, rounded so that their sum is `count` (largest remainders, of equal ones the lowest
// class), and at least one of each class while `count` is not below their number. With `leaves_one`
// at least one of each class is outside of the part too, where that can be; a class of one sample
// is then outside. 0 <= count <= the sum of the sizes.
std::vector<int64_t> SharesOfClasses(const std::vector<int64_t>& sizes, int64_t count,
                                     bool leaves_one);

// `count` samples drawn at random, keyed, each class with its share: indices into `labels`, rising.
// Samples of one label are a class, those of label -1 too.
std::vector<int64_t> DrawByClass(const std::vector<int32_t>& labels, int64_t count, bool leaves_one,
                                 const RandomKey& key);

}  // namespace pretext
