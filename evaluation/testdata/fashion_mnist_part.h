// For tests: the part of Fashion-MNIST that golden.py scores, and the figures it got.
#pragma once

#include <string>

#include "evaluation/features/features.h"

namespace pretext {

struct FashionMnistPart {
  Features train, test;  // 8000 and 2000 × 784, in [0, 1]
};
FashionMnistPart LoadFashionMnistPart();

// A line of golden.txt; stops the test if there is none.
double Golden(const std::string& name);

}  // namespace pretext
