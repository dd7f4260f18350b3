#include "kernels/transpose/transpose.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace pretext {
namespace {

TEST(TransposeRows, EveryElementAtItsPlaceAndNoOther) {
  for (const int64_t rows : {1, 15, 16, 33}) {
    for (const int64_t columns : {1, 16, 17, 40}) {
      std::vector<float> from(static_cast<size_t>(rows * columns));
      std::iota(from.begin(), from.end(), 0.0f);
      for (const int64_t begin : {int64_t{0}, rows / 2}) {
        std::vector<float> to(from.size(), -1.0f);
        TransposeRows(rows, columns, begin, rows, from.data(), to.data());
        for (int64_t i = 0; i < rows; ++i) {
          for (int64_t j = 0; j < columns; ++j) {
            EXPECT_EQ(to[static_cast<size_t>(j * rows + i)],
                      i < begin ? -1.0f : static_cast<float>(i * columns + j))
                << rows << "×" << columns << " from " << begin << " at " << i << ", " << j;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace pretext
