#include "evaluation/embed_text/labelled_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/random/random.h"

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(LabelledText, ReadsLines) {
  int64_t replaced = 0;
  const std::string path = testing::TempDir() + "/lines.txt";
  std::ofstream(path) << "one\r\n\ntwo words\nlast";
  EXPECT_THAT(*ReadLines(path, &replaced), ElementsAre("one", "", "two words", "last"));
  std::ofstream(path) << "\xEF\xBB\xBFneg\rpos\r";
  EXPECT_THAT(*ReadLines(path, &replaced), ElementsAre("neg", "pos"));
  std::ofstream(path) << std::string("\xFF\xFEn\0\r\0\n\0p\0", 10);
  EXPECT_THAT(*ReadLines(path, &replaced), ElementsAre("n", "p"));
  EXPECT_EQ(replaced, 0);
  std::ofstream(path) << "n\xFF\np\n";
  EXPECT_THAT(*ReadLines(path, &replaced), ElementsAre("n\uFFFD", "p"));
  EXPECT_EQ(replaced, 1);
  std::ofstream(path) << std::string("\xFF\xFEn\0\0\xD8\n\0p\0", 10);
  EXPECT_THAT(*ReadLines(path, &replaced), ElementsAre("n\uFFFD", "p"));
  EXPECT_EQ(replaced, 2);
  std::ofstream(path) << std::string("neg\0pos", 7);
  EXPECT_THAT(std::string(ReadLines(path, &replaced).status().message()),
              HasSubstr("lines.txt: holds NUL bytes"));
  EXPECT_THAT(std::string(ReadLines(path + ".not", &replaced).status().message()),
              HasSubstr("lines.txt.not"));
}

TEST(LabelledText, ProbesAgainstTheMostFrequentLabel) {
  // One feature tells the labels apart, the other is noise; "often" is three quarters of them.
  Random random({.seed = 1});
  Features vectors{.count = 200, .width = 2, .values = {}, .labels = {}};
  std::vector<std::string> labels, meaningless;
  for (int i = 0; i < 200; ++i) {
    const bool often = i % 4 != 0;
    labels.push_back(often ? "often" : "seldom");
    meaningless.push_back(random.Bernoulli(0.5f) ? "a" : "b");
    vectors.values.push_back((often ? 1.0f : -1.0f) + 0.1f * random.Normal());
    vectors.values.push_back(random.Normal());
  }
  const auto probe = ProbeTexts(vectors, labels, 1);
  ASSERT_TRUE(probe.ok()) << probe.status();
  EXPECT_EQ(probe->train, 160);
  EXPECT_EQ(probe->test, 40);
  EXPECT_EQ(probe->classes, 2);
  EXPECT_EQ(probe->accuracy, 100);
  EXPECT_NEAR(probe->most_frequent, 75, 25);  // 40 draws
  EXPECT_LT(probe->most_frequent, 100);
  // Labels that the vectors do not know.
  EXPECT_LT(ProbeTexts(vectors, meaningless, 1)->accuracy, 80);
}

TEST(LabelledText, FaultsAreNamed) {
  const Features vectors{.count = 6, .width = 1, .values = {1, 2, 3, 4, 5, 6}, .labels = {}};
  EXPECT_THAT(std::string(ProbeTexts(vectors, {"a", "b"}, 1).status().message()),
              HasSubstr("there are 2 labels for 6 texts"));
  EXPECT_THAT(
      std::string(ProbeTexts(vectors, std::vector<std::string>(6, "a"), 1).status().message()),
      HasSubstr("five labels at least, of two kinds; there are 6, of 1 kind"));
  std::vector<std::string> many(10000), all_different(60);
  for (size_t i = 0; i < many.size(); ++i) many[i] = std::to_string(i % 2700);
  for (size_t i = 0; i < all_different.size(); ++i) all_different[i] = std::to_string(i);
  EXPECT_THAT(std::string(CheckLabels(many, 10000).message()),
              HasSubstr("the 10,000 texts have 2,700 different labels, fewer than 20 texts each"));
  EXPECT_FALSE(CheckLabels(all_different, 60).ok());
  for (std::string& label : all_different) label = std::to_string(label.size());
  EXPECT_TRUE(CheckLabels(all_different, 60).ok());
}

}  // namespace
}  // namespace pretext
