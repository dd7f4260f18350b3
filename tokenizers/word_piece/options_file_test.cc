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
  EXPECT_EQ(WholeTokenizerPath("/a.b/vocab.txt"), "/a.b/tokenizer.json");
  EXPECT_EQ(WholeTokenizerPath("v.txt.gz"), "v.tokenizer.json");
}

TEST(OptionsFileTest, ReadsWhatItWrote) {
  const TestFolder folder;
  for (int bits = 0; bits < 16; ++bits) {
    const BasicTokenizerOptions options{.lower_case = (bits & 1) != 0,
                                        .strip_accents = (bits & 2) != 0,
                                        .split_cjk = (bits & 4) != 0,
                                        .clean = (bits & 8) != 0,
                                        .normalization = static_cast<Normalization>(bits % 5)};
    ASSERT_TRUE(WriteFileAtomically(folder / "o", SerializeOptions(options, 50 + bits)).ok());
    const auto read = ReadRememberedOptions(folder / "o");
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->lower_case, options.lower_case);
    EXPECT_EQ(read->strip_accents, options.strip_accents);
    EXPECT_EQ(read->split_cjk, options.split_cjk);
    EXPECT_EQ(read->clean, options.clean);
    EXPECT_EQ(read->normalization, options.normalization);
    EXPECT_EQ(read->max_word_characters, 50 + bits);
  }
}

// BertTokenizer knows of neither cleaning, forms nor lengths, and would give other tokens.
TEST(OptionsFileTest, NamesTheClassThatDoesWhatTheySay) {
  const auto class_of = [](const BasicTokenizerOptions& options, int64_t most) {
    const std::string text = SerializeOptions(options, most);
    const bool bert = IsBertTokenizer(options, most);
    EXPECT_EQ(text.find("\"BertTokenizer\"") != std::string::npos, bert) << text;
    EXPECT_EQ(text.find("\"PreTrainedTokenizerFast\"") != std::string::npos, !bert) << text;
    return bert;
  };
  EXPECT_TRUE(class_of({}, 100));
  EXPECT_TRUE(class_of({.lower_case = false, .strip_accents = false, .split_cjk = false}, 100));
  EXPECT_FALSE(class_of({}, 99));
  EXPECT_FALSE(class_of({.clean = false}, 100));
  EXPECT_FALSE(class_of({.normalization = Normalization::kNfkc}, 100));
  EXPECT_THAT(SerializeOptions({}, 99), HasSubstr("\"mask_token\": \"[MASK]\""));
  EXPECT_THAT(SerializeOptions({}, 99), testing::Not(HasSubstr("model_max_length")));
  EXPECT_THAT(SerializeOptions({}, 99, 128), HasSubstr("\"model_max_length\": 128"));
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
  EXPECT_FALSE(read->max_word_characters.has_value());
}

TEST(OptionsFileTest, FaultsAreNamed) {
  const TestFolder folder;
  EXPECT_TRUE(absl::IsNotFound(ReadRememberedOptions(folder / "o").status()));
  for (const char* text : {"", "[PAD]\n", "{\"do_lower_case\": 7}", "{\"normalization\": \"x\"}",
                           "{\"max_input_chars_per_word\": \"x\"}"}) {
    ASSERT_TRUE(WriteFileAtomically(folder / "o", text).ok());
    EXPECT_THAT(std::string(ReadRememberedOptions(folder / "o").status().message()),
                HasSubstr("/o: "))
        << text;
  }
}

}  // namespace
}  // namespace pretext
