#include "pipelines/neighbours/nearest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/file/testing.h"
#include "base/npy/npy.h"
#include "base/random/random.h"

namespace pretext {
namespace {

using testing::HasSubstr;

constexpr int64_t kRows = 500, kWidth = 17, kQueries = 6;

class NearestTest : public testing::Test {
 protected:
  NearestTest() {
    Random random({.seed = 5});
    for (int64_t i = 0; i < kRows * kWidth; ++i) {
      values_.push_back(static_cast<float>(random.Below(2001)) / 1000.0f - 1);
    }
    std::fill_n(values_.begin() + 7 * kWidth, kWidth, 0.0f);
    // Row 9 is row 8, longer: the same cosine to anything, but for rounding.
    for (int64_t d = 0; d < kWidth; ++d) values_[9 * kWidth + d] = 2 * values_[8 * kWidth + d];
    std::string names;
    for (int64_t n = 0; n < kRows; ++n) absl::StrAppend(&names, "row ", n, "\n");
    EXPECT_TRUE(WriteFileAtomically(folder_ / "v.names.txt", names).ok());
    auto file = NpyWriter::Create(folder_ / "v.npy", NpyWriter::Type::kFloat32, {kRows, kWidth});
    EXPECT_TRUE(file->Append(values_.data(), kRows * kWidth).ok() && file->Finish().ok());
    for (int64_t q = 0; q < kQueries; ++q) query_names_.push_back(absl::StrCat("row ", q + 6));
    queries_.assign(values_.begin() + 6 * kWidth, values_.begin() + (6 + kQueries) * kWidth);
  }

  const TestFolder folder_;
  std::vector<float> values_, queries_;
  std::vector<std::string> query_names_;
};

TEST_F(NearestTest, AreThoseOfAllCosines) {
  const absl::StatusOr<VectorTable> table = VectorTable::Open(folder_ / "v.npy");
  ASSERT_TRUE(table.ok()) << table.status();
  const int before = omp_get_max_threads();
  for (const int threads : {1, 3}) {
    omp_set_num_threads(threads);
    const auto nearest = FindNearest(*table, queries_, query_names_, 10);
    ASSERT_EQ(nearest.size(), kQueries);
    for (int64_t q = 0; q < kQueries; ++q) {
      std::vector<std::pair<double, int64_t>> all;
      for (int64_t n = 0; n < kRows; ++n) {
        double dot = 0, a = 0, b = 0;
        for (int64_t d = 0; d < kWidth; ++d) {
          const double x = values_[n * kWidth + d], y = queries_[q * kWidth + d];
          dot += x * y, a += x * x, b += y * y;
        }
        if (n != q + 6) all.emplace_back(a * b > 0 ? -dot / std::sqrt(a * b) : 0, n);
      }
      std::sort(all.begin(), all.end());
      ASSERT_EQ(nearest[q].size(), 10);
      for (size_t k = 0; k < 10; ++k) {
        // Sums of 17 products in double precision, in another order.
        EXPECT_TRUE(std::abs(nearest[q][k].cosine + all[k].first) <= 1e-14) << q << " " << k;
        if (q != 1) {  // a query of zeros: all cosines are 0, the first rows are taken
          EXPECT_EQ(nearest[q][k].row, all[k].second) << q << " " << k;
        } else {
          EXPECT_EQ(nearest[q][k].row, static_cast<int64_t>(k) + (k >= 7));
        }
      }
    }
  }
  omp_set_num_threads(before);
  const auto few = FindNearest(*table, queries_, query_names_, 1000);
  EXPECT_EQ(few[0].size(), kRows - 1);
}

TEST_F(NearestTest, NamesAreWhatTheLinesOfTheFileStandFor) {
  std::string names = "\\a\\nb\\tc\\\\d\n";
  for (int64_t n = 1; n < kRows; ++n) names += "a\\nb\n";
  ASSERT_TRUE(WriteFileAtomically(folder_ / "v.names.txt", names).ok());
  const auto table = VectorTable::Open(folder_ / "v.npy");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->name(0), "a\nb\tc\\d");
  EXPECT_EQ(table->name(1), "a\\nb");
}

TEST_F(NearestTest, NamesWhatIsNoTable) {
  const auto error = [&](const std::string& name) {
    return std::string(VectorTable::Open(folder_ / name).status().message());
  };
  EXPECT_THAT(error("absent.npy"), HasSubstr("absent.npy"));
  EXPECT_THAT(error("v.names.txt"), HasSubstr("ends with neither"));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "x.npy", "PNG").ok());
  EXPECT_THAT(error("x.npy"),
              HasSubstr("x.npy is not a whole .npy file: it does not begin as one; what is"));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "v.names.txt", "one\n").ok());
  EXPECT_THAT(error("v.npy"), HasSubstr("has 1 names"));
  auto file = NpyWriter::Create(folder_ / "i.npy", NpyWriter::Type::kInt32, {2, 1});
  const int32_t numbers[2] = {};
  ASSERT_TRUE(file->Append(numbers, 2).ok() && file->Finish().ok());
  EXPECT_THAT(error("i.npy"), HasSubstr("another array than float32"));
}

}  // namespace
}  // namespace pretext
