#include "tokenizers/sequence/sequence.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tokenizers/word_piece/word_piece.h"

namespace pretext {
namespace {

using testing::ElementsAre;

// Ids: [PAD] 0 [UNK] 1 [CLS] 2 [SEP] 3 [MASK] 4, then a 5, of 6, water 7, [ 8, ] 9, mask 10.
WordPieceTokenizer Water() {
  return WordPieceTokenizer({},
                            *WordPieceVocabulary::Parse(
                                "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nof\nwater\n[\n]\nmask\n"));
}

TEST(SequenceTest, KnowsMarks) {
  const WordPieceTokenizer tokenizer = Water();
  const auto encode = [&](std::string_view text) {
    std::vector<int32_t> ids;
    EncodeMarked(tokenizer, text, ids);
    return ids;
  };
  EXPECT_THAT(encode("A [MASK] of water"), ElementsAre(5, 4, 6, 7));
  EXPECT_THAT(encode("[MASK][MASK]a[SEP]of[CLS]"), ElementsAre(4, 4, 5, 3, 6, 2));
  EXPECT_THAT(encode("[mask] [PAD]"), ElementsAre(8, 10, 9, 0));
  EXPECT_THAT(encode("wine"), ElementsAre(1));
  EXPECT_THAT(encode(""), ElementsAre());
  EXPECT_THAT(encode("a\xFF of"), ElementsAre(5, 6));
}

TEST(SequenceTest, MakesASample) {
  const WordPieceTokenizer tokenizer = Water();
  const Sample sample = TextSample(tokenizer, "a [MASK] of water", 8);
  EXPECT_THAT(sample.tokens, ElementsAre(2, 5, 4, 6, 7, 3, 0, 0));
  EXPECT_EQ(sample.length, 6);
  EXPECT_EQ(sample.type, FlowType::Tokens(8, 11));
  ASSERT_EQ(sample.targets.size(), 1);
  EXPECT_EQ(sample.targets[0].position, 2);
  EXPECT_EQ(sample.targets[0].id, 4);
  // Too long: the end is cut off, [SEP] stays.
  const Sample cut = TextSample(tokenizer, "a [MASK] of water [MASK]", 5);
  EXPECT_THAT(cut.tokens, ElementsAre(2, 5, 4, 6, 3));
  EXPECT_EQ(cut.targets.size(), 1);
  EXPECT_THAT(TextSample(tokenizer, "", 3).tokens, ElementsAre(2, 3, 0));
}

}  // namespace
}  // namespace pretext
