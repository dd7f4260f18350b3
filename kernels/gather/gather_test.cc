#include "kernels/gather/gather.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/testing/testing.h"

namespace pretext {
namespace {

TEST(Gather, RowsThereAndBack) {
  for (int64_t columns : {1, 3, 16, 37}) {
    for (int64_t count : {0, 1, 5, 3000}) {
      const std::vector<float> x = Normals(2 * count * columns + columns, 1);
      std::vector<int32_t> rows;
      for (int64_t i = 0; i < count; ++i) rows.push_back(2 * i + 1);
      std::vector<float> out(count * columns), back(x);
      GatherRows(count, columns, rows.data(), x.data(), out.data());
      for (int64_t i = 0; i < count * columns; ++i) {
        ASSERT_EQ(out[i], x[rows[i / columns] * columns + i % columns]);
      }
      AddToRows(count, columns, rows.data(), out.data(), back.data());
      for (size_t i = 0; i < x.size(); ++i) {
        const bool picked = static_cast<int64_t>(i) / columns % 2 == 1;
        ASSERT_EQ(back[i], picked ? 2 * x[i] : x[i]);
      }
    }
  }
}

}  // namespace
}  // namespace pretext
