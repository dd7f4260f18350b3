#include "tokenizers/word_piece/bert_characters.h"

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "gtest/gtest.h"

namespace pretext {
namespace {

constexpr int32_t kEnd = 0x110000;
using CodePoints = std::vector<int32_t>;

// What HuggingFace's tokenizers make of every character, as huggingface_golden.js wrote it.
struct Golden {
  std::map<std::string, std::vector<bool>> classes;
  std::map<std::string, std::map<int32_t, CodePoints>> mappings;
};

Golden ReadGolden() {
  Golden golden;
  std::ifstream file("tokenizers/word_piece/testdata/huggingface_characters.txt");
  for (std::string name, first, second; file >> name >> first >> second;) {
    const auto c = static_cast<int32_t>(std::strtol(first.c_str(), nullptr, 16));
    if (name == "lower" || name == "strip") {
      CodePoints& to = golden.mappings[name][c];
      std::istringstream list(second);
      for (std::string item; second != "-" && std::getline(list, item, ',');) {
        to.push_back(static_cast<int32_t>(std::strtol(item.c_str(), nullptr, 16)));
      }
    } else {
      std::vector<bool>& set = golden.classes.try_emplace(name, kEnd).first->second;
      const auto last = std::strtol(second.c_str(), nullptr, 16);
      for (int32_t i = c; i <= last; ++i) set[static_cast<size_t>(i)] = true;
    }
  }
  return golden;
}

bool IsSurrogate(int32_t c) { return c >= 0xD800 && c < 0xE000; }
bool IsHangul(int32_t c) { return c >= 0xAC00 && c <= 0xD7A3; }

TEST(BertCharactersTest, EveryCharacterIsInTheClassesThatHuggingFaceHasItIn) {
  Golden golden = ReadGolden();
  ASSERT_EQ(golden.classes.size(), 6);
  int64_t punctuation = 0;
  for (int32_t c = 0; c < kEnd; ++c) {
    if (IsSurrogate(c)) continue;
    const auto is = [&](const char* name) -> bool {
      return golden.classes[name][static_cast<size_t>(c)];
    };
    EXPECT_EQ(IsBertControl(c), is("control")) << std::hex << c;
    EXPECT_EQ(IsBertWhitespace(c) && !IsBertControl(c), is("whitespace")) << std::hex << c;
    EXPECT_EQ(IsBertWhitespace(c), is("separator")) << std::hex << c;
    EXPECT_EQ(IsBertPunctuation(c), is("punctuation")) << std::hex << c;
    EXPECT_EQ(IsBertIdeograph(c), is("chinese")) << std::hex << c;
    punctuation += is("punctuation");
  }
  EXPECT_GT(punctuation, 600);
}

TEST(BertCharactersTest, EveryCharacterIsLoweredAndStrippedAsHuggingFaceDoes) {
  Golden golden = ReadGolden();
  ASSERT_GT(golden.mappings["lower"].size(), 1400);
  ASSERT_GT(golden.mappings["strip"].size(), 3000);
  for (int32_t c = 0; c < kEnd; ++c) {
    if (IsSurrogate(c)) continue;
    const auto expected = [&](const char* name) {
      const auto at = golden.mappings[name].find(c);
      return at == golden.mappings[name].end() ? CodePoints{c} : at->second;
    };
    CodePoints lower = {c}, bare = {c};
    BertLowerCase(&lower);
    EXPECT_EQ(lower, expected("lower")) << std::hex << c;
    if (IsHangul(c)) continue;  // its syllables decompose by a rule
    BertStripAccents(&bare);
    EXPECT_EQ(bare, expected("strip")) << std::hex << c;
  }
}

TEST(BertCharactersTest, WholeTextsAreStripped) {
  CodePoints text = {'e', 0x0301, 0x11938, 0x0301, 0xE9, 0xAC01};
  BertStripAccents(&text);
  EXPECT_EQ(text, (CodePoints{'e', 0x11938, 'e', 0x1100, 0x1161, 0x11A8}));
  CodePoints sigma = {0x039F, 0x03A3};
  BertLowerCase(&sigma);
  EXPECT_EQ(sigma, (CodePoints{0x03BF, 0x03C3}));
}

}  // namespace
}  // namespace pretext
