#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "tests/fuzz/fuzz.h"
#include "tokenizers/word_piece/word_piece.h"
#include "tokenizers/word_piece/word_piece.pb.h"

namespace pretext::testing {

bool ReadFuzzed(const std::string& bytes) {
  WordPiece config;
  config.set_vocabulary(FileOf(bytes));
  const auto tokenizer = WordPieceTokenizer::Create(config, {});
  if (!tokenizer.ok()) {
    EXPECT_TRUE(absl::StartsWith(tokenizer.status().message(), "vocabulary: "))
        << tokenizer.status();
    return false;
  }
  const std::string text = (*tokenizer)->Serialize();
  const auto again = WordPieceVocabulary::Parse(text);
  EXPECT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->ToText(), text);
  std::vector<int32_t> ids;
  (*tokenizer)->Encode(bytes, ids);
  for (const int32_t id : ids) {
    EXPECT_GE(id, 0);
    EXPECT_LT(id, (*tokenizer)->vocabulary_size());
    EXPECT_NE(id, (*tokenizer)->special().mask) << "text is never a mask";
  }
  return true;
}

}  // namespace pretext::testing
