#include "tokenizers/word_piece/options_file.h"

#include "base/file/file_writer.h"
#include "base/file/testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

using testing::HasSubstr;

TEST(OptionsFileTest, IsNamedAfterItsVocabulary) {
  EXPECT_EQ(OptionsPath("vocab.txt"), "tokenizer_config.json");
  EXPECT_EQ(OptionsPath("/a.b/vocab.txt"), "/a.b/tokenizer_config.json");
  EXPECT_EQ(OptionsPath("a/english.v2.txt"), "a/english.v2.tokenizer_config.json");
  EXPECT_EQ(OptionsPath("v.txt.gz"), "v.tokenizer_config.json");
  EXPECT_EQ(OptionsPath("pieces"), "pieces.tokenizer_config.json");
}

TEST(OptionsFileTest, ReadsWhatItWrote) {
  const TestFolder folder;
  for (int bits = 0; bits < 16; ++bits) {
    const BasicTokenizerOptions options{.lower_case = (bits & 1) != 0,
                                        .strip_accents = (bits & 2) != 0,
                                        .split_cjk = (bits & 4) != 0,
                                        .clean = (bits & 8) != 0,
                                        .normalization = static_cast<Normalization>(bits % 5)};
    ASSERT_TRUE(WriteFileAtomically(folder / "o", SerializeOptions(options)).ok());
    const auto read = ReadRememberedOptions(folder / "o");
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->lower_case, options.lower_case);
    EXPECT_EQ(read->strip_accents, options.strip_accents);
    EXPECT_EQ(read->split_cjk, options.split_cjk);
    EXPECT_EQ(read->clean, options.clean);
    EXPECT_EQ(read->normalization, options.normalization);
  }
}

TEST(OptionsFileTest, ReadsHuggingFacesOwn) {
  const TestFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "o", R"({"do_lower_case": false, "strip_accents": null,
      "model_max_length": 512, "added_tokens_decoder": {"0": {"content": "[PAD]"}}})")
                  .ok());
  const auto read = ReadRememberedOptions(folder / "o");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->lower_case, false);
  EXPECT_EQ(read->strip_accents, false);
  EXPECT_FALSE(read->split_cjk.has_value());
  EXPECT_FALSE(read->normalization.has_value());
}

TEST(OptionsFileTest, FaultsAreNamed) {
  const TestFolder folder;
  EXPECT_TRUE(absl::IsNotFound(ReadRememberedOptions(folder / "o").status()));
  for (const char* text : {"", "[PAD]\n", "{\"do_lower_case\": 7}", "{\"normalization\": \"x\"}"}) {
    ASSERT_TRUE(WriteFileAtomically(folder / "o", text).ok());
    EXPECT_THAT(std::string(ReadRememberedOptions(folder / "o").status().message()),
                HasSubstr("/o: "))
        << text;
  }
}

}  // namespace
}  // namespace pretext
