#include "kernels/dropout/dropout.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random/random.h"
#include "gtest/gtest.h"
#include "omp.h"

namespace pretext {
namespace {

RandomKey Key(uint64_t step) {
  return {.seed = 7, .purpose = Purpose::kDropout, .epoch = 3, .sample = step, .view = 2};
}

// The contract of dropout.h, written with the scalar generator.
float ReferenceMultiplier(const RandomKey& key, float probability, int64_t row, int64_t columns,
                          int64_t column) {
  const PhiloxState state = MakePhiloxState(key);
  const int64_t groups = (columns + 127) / 128;
  const int64_t r = column % 128;
  const int64_t block = (row * groups + column / 128) * 16 + r % 16;
  const std::array<uint32_t, 4> counter = {static_cast<uint32_t>(block), state.counter[0],
                                           state.counter[1], state.counter[2]};
  const auto high = static_cast<uint32_t>(block >> 32);
  const uint32_t word = Philox(counter, {state.key[0], state.key[1] ^ high})[r / 32];
  const uint32_t bits = (r / 16) % 2 == 0 ? word & 0xffff : word >> 16;
  const uint32_t threshold = std::lround(probability * 65536.0f);
  return bits >= threshold ? 65536.0f / (65536 - threshold) : 0.0f;
}

TEST(Dropout, RowsMatchTheReferenceAtEveryTail) {
  for (int64_t columns = 1; columns <= 300; ++columns) {
    for (int64_t row : {int64_t{0}, int64_t{1}, int64_t{12345},
                        int64_t{1} << 27}) {  // the last is beyond 32 bits
      const DropoutMask dropout = MakeDropout(Key(columns), 0.3f);
      std::vector<float> multipliers(columns + 1, -1.0f);
      DropoutRow(dropout, row, columns, multipliers.data());
      for (int64_t c = 0; c < columns; ++c) {
        ASSERT_EQ(multipliers[c], ReferenceMultiplier(Key(columns), 0.3f, row, columns, c))
            << row << " " << c;
      }
      EXPECT_EQ(multipliers[columns], -1.0f);  // nothing beyond the row is written
    }
  }
}

TEST(Dropout, RowsBeyond32BitsHaveMasksOfTheirOwn) {
  const DropoutMask dropout = MakeDropout(Key(1), 0.3f);
  std::vector<float> first(128), far(128);
  DropoutRow(dropout, 0, 128, first.data());
  DropoutRow(dropout, int64_t{1} << 28, 128, far.data());  // block 2^32
  EXPECT_NE(first, far);
}

TEST(Dropout, TheStartOfARowIsTheRows) {
  const DropoutMask dropout = MakeDropout(Key(1), 0.3f);
  const int64_t columns = 300;
  std::vector<float> row(columns);
  for (int64_t r : {0, 1, 2, 77}) {
    DropoutRow(dropout, r, columns, row.data());
    for (int64_t count : {1, 127, 128, 129, 256, 299, 300}) {
      std::vector<float> start(count + 1, -1.0f);
      DropoutRowStart(dropout, r, columns, count, start.data());
      EXPECT_EQ(start.back(), -1.0f);
      start.pop_back();
      EXPECT_EQ(start, std::vector<float>(row.begin(), row.begin() + count)) << r << " " << count;
    }
  }
}

TEST(Dropout, ApplyMultipliesByTheRows) {
  const int64_t rows = 150, columns = 200, first_row = 40;
  const DropoutMask dropout = MakeDropout(Key(1), 0.1f);
  std::vector<float> x(rows * columns), y(x.size()), multipliers(columns);
  for (size_t i = 0; i < x.size(); ++i) x[i] = 1.0f + i;
  const int threads = omp_get_max_threads();
  for (int count : {1, 3}) {
    omp_set_num_threads(count);
    ApplyDropout(dropout, first_row, rows, columns, x.data(), y.data());
    for (int64_t r = 0; r < rows; ++r) {
      DropoutRow(dropout, first_row + r, columns, multipliers.data());
      for (int64_t c = 0; c < columns; ++c)
        ASSERT_EQ(y[r * columns + c], x[r * columns + c] * multipliers[c]);
    }
  }
  omp_set_num_threads(threads);
}

TEST(Dropout, KeepsTheStatedShareAndTheMean) {
  for (float probability : {0.0f, 0.1f, 0.5f, 0.9f}) {
    const int64_t rows = 500, columns = 1000, n = rows * columns;
    const DropoutMask dropout = MakeDropout(Key(2), probability);
    EXPECT_EQ(dropout.active(), probability > 0);
    std::vector<float> y(n, 1.0f);
    ApplyDropout(dropout, 0, rows, columns, y.data(), y.data());
    int64_t kept = 0;
    double sum = 0;
    for (float value : y) kept += value != 0, sum += value;
    // Binomial: five standard deviations.
    const double expected = n * (1 - dropout.threshold / 65536.0);
    const double deviation = std::sqrt(n * (1 - probability) * probability);
    EXPECT_LE(std::abs(kept - expected), 5 * deviation) << probability;
    EXPECT_LE(std::abs(sum - n), 5 * deviation / (1 - probability) + 1e-3 * n) << probability;
  }
}

TEST(Dropout, NeighboursAreIndependent) {
  const int64_t rows = 400, columns = 256;
  const DropoutMask dropout = MakeDropout(Key(3), 0.5f);
  std::vector<float> y(rows * columns, 1.0f);
  ApplyDropout(dropout, 0, rows, columns, y.data(), y.data());
  // Agreement of elements a fixed distance apart: half, within five standard deviations. The
  // distances are those of neighbours, of lanes, of groups and of rows.
  for (int64_t distance : {1, 16, 32, 128, 256, 512}) {
    const int64_t n = rows * columns - distance;
    int64_t agree = 0;
    for (int64_t i = 0; i < n; ++i) agree += (y[i] == 0) == (y[i + distance] == 0);
    EXPECT_LE(std::abs(agree - n / 2.0), 5 * std::sqrt(n) / 2) << distance;
  }
}

TEST(Dropout, StreamsDiffer) {
  std::vector<float> a(128), b(128);
  DropoutRow(MakeDropout(Key(1), 0.5f), 0, 128, a.data());
  DropoutRow(MakeDropout(Key(2), 0.5f), 0, 128, b.data());
  EXPECT_NE(a, b);
  DropoutRow(MakeDropout(Key(1), 0.5f), 1, 128, b.data());
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace pretext
