#include "base/unicode/unicode.h"

#include <chrono>
#include <fstream>
#include <sstream>

#include "gtest/gtest.h"

namespace pretext {
namespace {

using Set = std::vector<int32_t>;

std::string FromHex(const std::string& hex) {
  std::string bytes;
  if (hex == "-") return bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

// The rows of a golden file written by unicode_golden.py, split at spaces.
std::vector<std::vector<std::string>> Rows(const std::string& name) {
  std::ifstream file("base/unicode/testdata/" + name);
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    rows.emplace_back();
    for (std::string field; fields >> field;) rows.back().push_back(field);
  }
  return rows;
}

std::vector<int32_t> Decode(std::string_view text) {
  std::vector<int32_t> code_points;
  DecodeUtf8(text, &code_points);
  return code_points;
}

std::string Encode(const std::vector<int32_t>& code_points) {
  return EncodeUtf8(code_points.data(), code_points.size());
}

TEST(UnicodeTest, RepairsLikePython) {
  const auto rows = Rows("repair.txt");
  ASSERT_EQ(rows.size(), 400);
  int64_t broken = 0;
  for (const auto& row : rows) {
    ASSERT_EQ(row.size(), 3);
    std::string text = FromHex(row[0]);
    const bool valid = ValidUtf8Prefix(text) == text.size();
    int64_t replaced = 0;
    RepairUtf8(&text, &replaced);
    EXPECT_EQ(text, FromHex(row[1])) << row[0];
    EXPECT_EQ(replaced, std::stoi(row[2])) << row[0];
    EXPECT_EQ(valid, row[2] == "0") << row[0];
    EXPECT_EQ(ValidUtf8Prefix(text), text.size());
    broken += replaced;
  }
  EXPECT_GT(broken, 300);  // the file does exercise the repair
}

TEST(UnicodeTest, FindsTheFaultAtEveryOffset) {
  // The block-wise ASCII skip must not step over a bad byte, wherever it stands.
  for (size_t size = 1; size <= 40; ++size) {
    for (size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      text[at] = '\xff';
      EXPECT_EQ(ValidUtf8Prefix(text), at);
    }
  }
}

TEST(UnicodeTest, NormalizesLikePython) {
  const auto rows = Rows("normalize.txt");
  ASSERT_EQ(rows.size(), 400);
  const Normalization forms[] = {Normalization::kNfc, Normalization::kNfd, Normalization::kNfkc,
                                 Normalization::kNfkd};
  for (const auto& row : rows) {
    ASSERT_EQ(row.size(), 5);
    const std::string text = FromHex(row[0]);
    for (int i = 0; i < 4; ++i) {
      std::vector<int32_t> normal = Decode(text);
      Normalize(forms[i], &normal);
      EXPECT_EQ(Encode(normal), FromHex(row[1 + i])) << text << " form " << i;
    }
  }
}

// A text of marks alone, as somebody may send it: sorted in a time that grows with its length, not
// with the square of it.
TEST(UnicodeTest, AnyNumberOfMarksIsPutInOrder) {
  constexpr int kPairs = 300000;
  constexpr int32_t kAcute = 0x301, kDotBelow = 0x323;  // of the classes 230 and 220
  std::vector<int32_t> text = {'q'};
  for (int i = 0; i < kPairs; ++i) text.insert(text.end(), {kAcute, kDotBelow});
  std::vector<int32_t> sorted(1 + kPairs, kDotBelow);
  sorted[0] = 'q';
  sorted.resize(1 + 2 * kPairs, kAcute);
  const auto start = std::chrono::steady_clock::now();
  Normalize(Normalization::kNfd, &text);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_TRUE(text == sorted);
}

TEST(UnicodeTest, NoneLeavesTextAlone) {
  std::vector<int32_t> text = Decode("e\u0301");
  const std::vector<int32_t> before = text;
  Normalize(Normalization::kNone, &text);
  EXPECT_EQ(text, before);
}

TEST(UnicodeTest, CountsCodePoints) {
  EXPECT_EQ(CountCodePoints(""), 0);
  EXPECT_EQ(CountCodePoints("a\u00e9\u4e2d\U0001F600"), 4);
}

}  // namespace
}  // namespace pretext
