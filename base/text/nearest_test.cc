#include "base/text/nearest.h"

#include "gtest/gtest.h"

namespace pretext {
namespace {

TEST(EditDistanceTest, CountsEditsAndSwaps) {
  EXPECT_EQ(EditDistance("", ""), 0);
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("abc", ""), 3);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
  EXPECT_EQ(EditDistance("widht", "width"), 1);
  EXPECT_EQ(EditDistance("ca", "abc"),
            3);  // optimal string alignment: no edit inside a swapped pair
}

TEST(EditDistanceTest, CutsLongInputs) {
  EXPECT_EQ(EditDistance(std::string(10000, 'a'), std::string(20000, 'a')), 0);
  EXPECT_EQ(EditDistance(std::string(10000, 'a'), ""), 256);
}

TEST(NearestMatchTest, FindsTheNearest) {
  const std::vector<std::string> fields = {"batch_size", "chunk", "epochs", "seed", "steps"};
  EXPECT_EQ(NearestMatch("batchsize", fields), "batch_size");
  EXPECT_EQ(NearestMatch("Batch-Size", fields), "batch_size");
  EXPECT_EQ(NearestMatch("epoch", fields), "epochs");
  EXPECT_EQ(NearestMatch("sede", fields), "seed");
  EXPECT_EQ(NearestMatch("momentum", fields), "");
  EXPECT_EQ(NearestMatch("", fields), "");
  EXPECT_EQ(NearestMatch("x", {"k"}), "");  // nothing in common
  EXPECT_EQ(NearestMatch("anything", {}), "");
}

TEST(DidYouMeanTest, WrapsTheCandidate) {
  EXPECT_EQ(DidYouMean("epoch", {"epochs"}), "; did you mean epochs?");
  EXPECT_EQ(DidYouMean("epoch", {"epochs"}, "[", "]"), "; did you mean [epochs]?");
  EXPECT_EQ(DidYouMean("epoch", {"k"}), "");
}

TEST(NearestAndKnownTest, EndsASentence) {
  EXPECT_EQ(NearestAndKnown("losss", {"loss", "head"}, "Known"),
            "; did you mean loss? Known: loss, head");
  EXPECT_EQ(NearestAndKnown("zzz", {"loss", "head"}, "Known"), ". Known: loss, head");
  EXPECT_EQ(NearestAndKnown("zzz", {"loss"}, "It has", "1 of them"), ". It has: 1 of them");
}

TEST(WordsTest, ListsArticlesAndCases) {
  EXPECT_EQ(ListOrNone({}), "(none)");
  EXPECT_EQ(ListOrNone({"a", "b"}), "a, b");
  EXPECT_EQ(WithArticle("encoder"), "an encoder");
  EXPECT_EQ(WithArticle("loss"), "a loss");
  EXPECT_EQ(SnakeCase("NtXent"), "nt_xent");
  EXPECT_EQ(SnakeCase("MLPDecoder"), "mlp_decoder");
  EXPECT_EQ(SnakeCase("KNN"), "knn");
  EXPECT_EQ(SnakeCase("Cifar10"), "cifar10");
  EXPECT_EQ(SnakeCase(""), "");
}

}  // namespace
}  // namespace pretext
