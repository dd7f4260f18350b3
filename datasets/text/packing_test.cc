#include "datasets/text/packing.h"

#include <numeric>

#include "base/random/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

using testing::ElementsAre;

constexpr int32_t kPad = 0, kCls = 2, kSep = 3;
constexpr Tokenizer::SpecialIds kSpecial = {
    .pad = kPad, .unknown = 1, .cls = kCls, .sep = kSep, .mask = 4};

// Documents in memory.
struct Corpus {
  explicit Corpus(const std::vector<std::vector<int32_t>>& documents, bool is_narrow = true) {
    for (const auto& document : documents) {
      tokens.insert(tokens.end(), document.begin(), document.end());
      ends.push_back(tokens.size());
    }
    narrow.assign(tokens.begin(), tokens.end());
    view.documents = documents.size();
    view.tokens = tokens.size();
    view.ends = ends.data();
    if (is_narrow) {
      view.narrow = narrow.data();
    } else {
      view.wide = tokens.data();
    }
  }
  std::vector<int32_t> tokens;
  std::vector<uint16_t> narrow;
  std::vector<uint64_t> ends;
  TokenizedDocuments view;
};

std::vector<std::vector<int32_t>> AllSequences(const Packing& packing, int64_t length) {
  std::vector<std::vector<int32_t>> all;
  for (int64_t i = 0; i < packing.size(); ++i) {
    std::vector<int32_t> ids(length, -1);
    const int64_t used = packing.Read(i, ids.data());
    for (int64_t j = used; j < length; ++j) EXPECT_EQ(ids[j], kPad);
    ids.resize(used);
    all.push_back(ids);
  }
  return all;
}

TEST(PackingTest, MixedByHand) {
  const Corpus corpus({{10, 11, 12}, {20}, {30, 31, 32, 33, 34}});
  const Packing packing(corpus.view, {.length = 6, .mix_documents = true, .special = kSpecial});
  // 10 11 12 S | 20 S 30 31 | 32 33 34
  EXPECT_THAT(AllSequences(packing, 6), ElementsAre(ElementsAre(kCls, 10, 11, 12, kSep, kSep),
                                                    ElementsAre(kCls, 20, kSep, 30, 31, kSep),
                                                    ElementsAre(kCls, 32, 33, 34, kSep)));
}

TEST(PackingTest, ApartByHand) {
  const Corpus corpus({{10, 11, 12}, {20}, {30, 31, 32, 33, 34, 35, 36, 37, 38}}, false);
  const Packing packing(corpus.view, {.length = 6, .mix_documents = false, .special = kSpecial});
  EXPECT_THAT(AllSequences(packing, 6),
              ElementsAre(ElementsAre(kCls, 10, 11, 12, kSep), ElementsAre(kCls, 20, kSep),
                          ElementsAre(kCls, 30, 31, 32, 33, kSep),
                          ElementsAre(kCls, 34, 35, 36, 37, kSep), ElementsAre(kCls, 38, kSep)));
}

TEST(PackingTest, EveryTokenOnceInOrder) {
  Random random({.sample = 7});
  for (int trial = 0; trial < 60; ++trial) {
    std::vector<std::vector<int32_t>> documents(1 + random.Below(200));
    for (auto& document : documents) {
      document.resize(1 + random.Below(trial % 3 == 0 ? 3 : 40));
      for (int32_t& id : document) id = 5 + random.Below(1000);
    }
    const Corpus corpus(documents, trial % 2 == 0);
    const int64_t length = 3 + random.Below(12);
    // Mixed: the payloads one after the other are the documents with a [SEP] between.
    std::vector<int32_t> stream;
    for (const auto& document : documents) {
      if (!stream.empty()) stream.push_back(kSep);
      stream.insert(stream.end(), document.begin(), document.end());
    }
    const Packing mixed(corpus.view,
                        {.length = length, .mix_documents = true, .special = kSpecial});
    std::vector<int32_t> joined;
    const auto sequences = AllSequences(mixed, length);
    for (size_t i = 0; i < sequences.size(); ++i) {
      const auto& ids = sequences[i];
      EXPECT_EQ(ids.front(), kCls);
      EXPECT_EQ(ids.back(), kSep);
      EXPECT_TRUE(ids.size() == length || i + 1 == sequences.size());
      joined.insert(joined.end(), ids.begin() + 1, ids.end() - 1);
    }
    EXPECT_EQ(joined, stream);
    // Apart: the same without the [SEP]s, and no sequence has two documents.
    const Packing apart(corpus.view,
                        {.length = length, .mix_documents = false, .special = kSpecial});
    joined.clear();
    int64_t expected = 0;
    for (const auto& document : documents)
      expected += (document.size() + length - 3) / (length - 2);
    EXPECT_EQ(apart.size(), expected);
    for (const auto& ids : AllSequences(apart, length)) {
      ASSERT_GE(ids.size(), 3);
      EXPECT_EQ(std::count(ids.begin(), ids.end(), kSep), 1);
      joined.insert(joined.end(), ids.begin() + 1, ids.end() - 1);
    }
    EXPECT_EQ(joined, corpus.tokens);
  }
}

TEST(PackingTest, NoDocuments) {
  const Corpus corpus({});
  for (const bool mix : {true, false}) {
    EXPECT_EQ(Packing(corpus.view, {.length = 8, .mix_documents = mix, .special = kSpecial}).size(),
              0);
  }
}

}  // namespace
}  // namespace pretext
