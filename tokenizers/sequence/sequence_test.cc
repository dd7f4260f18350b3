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

TEST(SequenceTest, OnlyTheMaskIsMoreThanText) {
  const WordPieceTokenizer tokenizer = Water();
  const auto encode = [&](std::string_view text) {
    std::vector<int32_t> ids;
    EncodeMasked(tokenizer, text, ids);
    return ids;
  };
  EXPECT_THAT(encode("A [MASK] of water"), ElementsAre(5, 4, 6, 7));
  EXPECT_THAT(encode("[MASK][MASK]a[SEP]of[ a ]"), ElementsAre(4, 4, 5, 8, 1, 9, 6, 8, 5, 9));
  EXPECT_THAT(encode("[mask] [PAD]"), ElementsAre(8, 10, 9, 8, 1, 9));
  // Wherever else text is encoded, the mask's name is text too.
  std::vector<int32_t> ids;
  tokenizer.Encode("A [MASK] of [ MASK ]", ids);
  EXPECT_THAT(ids, ElementsAre(5, 8, 10, 9, 6, 8, 10, 9));
  EXPECT_THAT(encode("wine"), ElementsAre(1));
  EXPECT_THAT(encode(""), ElementsAre());
  EXPECT_THAT(encode("a\xFF of"), ElementsAre(5, 6));
}

TEST(SequenceTest, MakesASample) {
  const WordPieceTokenizer tokenizer = Water();
  const MaskedText whole = ReadMaskedText(tokenizer, "a [MASK] of water", 8);
  const Sample& sample = whole.sample;
  EXPECT_EQ(whole.tokens, 6);
  EXPECT_EQ(whole.masks, 1);
  EXPECT_THAT(sample.tokens, ElementsAre(2, 5, 4, 6, 7, 3, 0, 0));
  EXPECT_EQ(sample.length, 6);
  EXPECT_EQ(sample.type, FlowType::Tokens(8, 11));
  ASSERT_EQ(sample.targets.size(), 1);
  EXPECT_EQ(sample.targets[0].position, 2);
  EXPECT_EQ(sample.targets[0].id, 4);
  // Too long: the end is cut off, [SEP] stays.
  const MaskedText cut = ReadMaskedText(tokenizer, "a [MASK] of water [MASK]", 5);
  EXPECT_THAT(cut.sample.tokens, ElementsAre(2, 5, 4, 6, 3));
  EXPECT_EQ(cut.sample.targets.size(), 1);
  EXPECT_EQ(cut.tokens, 7);
  EXPECT_EQ(cut.masks, 2);
  EXPECT_THAT(ReadMaskedText(tokenizer, "", 3).sample.tokens, ElementsAre(2, 3, 0));
}

}  // namespace
}  // namespace pretext
