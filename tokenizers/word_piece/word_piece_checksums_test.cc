// Every character of Unicode, alone and in words, and hard texts, as HuggingFace's tokenizers
// encode them. huggingface_checksums.py wrote the checksums, and can print what a block is of.
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/unicode/unicode.h"
#include "tokenizers/word_piece/vocabulary.h"
#include "tokenizers/word_piece/word_piece.h"

namespace pretext {
namespace {

constexpr int64_t kBlock = 1024;

// All of Unicode but the surrogates.
const std::vector<int32_t>& Characters() {
  static const auto* const characters = [] {
    auto* all = new std::vector<int32_t>();
    for (int32_t c = 0; c < 0x110000; ++c) {
      if (c < 0xD800 || c > 0xDFFF) all->push_back(c);
    }
    return all;
  }();
  return *characters;
}

std::string Utf8(int32_t c) { return EncodeUtf8(&c, 1); }

WordPieceVocabulary Vocabulary() {
  std::vector<std::string> pieces = WordPieceVocabulary::SpecialPieces();
  for (const int32_t c : Characters()) {
    if (c == '\n' || c == '\r') continue;
    pieces.push_back(Utf8(c));
    pieces.push_back("##" + Utf8(c));
  }
  auto made = WordPieceVocabulary::FromPieces(std::move(pieces));
  EXPECT_TRUE(made.ok()) << made.status();
  return *std::move(made);
}

// Park and Miller's generator, as the script has it.
class Numbers {
 public:
  explicit Numbers(int64_t seed) : state_(seed) {}
  int32_t Below(int32_t n) {
    state_ = state_ * 48271 % 2147483647;
    return static_cast<int32_t>(state_ % n);
  }

 private:
  int64_t state_;
};

constexpr std::pair<int32_t, int32_t> kHard[] = {
    {0x00, 0x7F},       {0x20, 0x7E},        {0x80, 0x24F},      {0x250, 0x36F},
    {0x300, 0x345},     {0x370, 0x3FF},      {0x3A3, 0x3C3},     {0x400, 0x52F},
    {0x590, 0x6FF},     {0x900, 0xDFF},      {0xE00, 0xFFF},     {0x1100, 0x11FF},
    {0x1E00, 0x1FFF},   {0x2000, 0x206F},    {0x2100, 0x214F},   {0x3000, 0x30FF},
    {0x3400, 0x9FFF},   {0xAC00, 0xD7A3},    {0xE000, 0xF8FF},   {0xF900, 0xFAFF},
    {0xFB00, 0xFEFF},   {0xFF00, 0xFFFD},    {0x10000, 0x10FFF}, {0x11000, 0x11FFF},
    {0x1D000, 0x1D7FF}, {0x1F000, 0x1FAFF},  {0x20000, 0x2FFFF}, {0x30000, 0x3FFFF},
    {0xE0000, 0xE0FFF}, {0xF0000, 0x10FFFF}, {0x130, 0x131},     {0x20, 0x20},
    {0x49, 0x49},       {0x3A3, 0x3A3},      {0x200D, 0x200D},   {0xFE0F, 0xFE0F}};

std::vector<std::string> HardTexts(int64_t block) {
  Numbers numbers(block + 1);
  const auto character = [&] {
    const auto& [first, last] = kHard[numbers.Below(std::size(kHard))];
    return Utf8(first + numbers.Below(last - first + 1));
  };
  std::vector<std::string> texts;
  for (int i = 0; i < 64; ++i) {
    std::string text;
    const int32_t count = 1 + numbers.Below(40);
    for (int32_t n = 0; n < count; ++n) text += character();
    if (numbers.Below(4) == 0) {
      const std::string same = character();
      text += " ";
      const int32_t length = 95 + numbers.Below(111);
      for (int32_t n = 0; n < length; ++n) text += same;
      text += "x";
    }
    texts.push_back(text);
  }
  return texts;
}

std::vector<std::string> Texts(const std::string& form, int64_t block) {
  if (form == "hard") return HardTexts(block);
  std::vector<std::string> texts;
  const auto& all = Characters();
  const auto end = std::min<int64_t>((block + 1) * kBlock, static_cast<int64_t>(all.size()));
  for (int64_t i = block * kBlock; i < end; ++i) {
    const std::string c = Utf8(all[static_cast<size_t>(i)]);
    if (form == "alone") {
      texts.push_back(c);
    } else if (form == "word") {
      texts.push_back("Ab" + c + "cD");
    } else {
      texts.push_back("e\u0323" + c + "\u0301\u00c5" + c + "\u1e9b\u0323");
    }
  }
  return texts;
}

WordPieceTokenizer::Options OptionsOf(const std::string& letters) {
  const auto has = [&](char c) { return letters.find(c) != std::string::npos; };
  WordPieceTokenizer::Options options;
  options.basic.lower_case = has('l');
  options.basic.strip_accents = has('a');
  options.basic.split_cjk = has('c');
  options.basic.clean = has('k');
  return options;
}

TEST(WordPieceChecksums, EveryCharacterAndHardTextsAreHuggingFaces) {
  std::ifstream file("tokenizers/word_piece/testdata/huggingface_checksums.txt");
  std::unique_ptr<WordPieceTokenizer> tokenizer;  // a vocabulary takes memory: one at a time
  std::string of;
  int tokenizers = 0;
  std::map<std::string, int> blocks;  // by form
  std::string letters, form, block_text, sum_text;
  while (file >> letters >> form >> block_text >> sum_text) {
    if (of != letters) {
      tokenizer = nullptr;
      tokenizer = std::make_unique<WordPieceTokenizer>(OptionsOf(letters), Vocabulary());
      of = letters;
      ++tokenizers;
    }
    uLong sum = 0;
    std::vector<int32_t> ids;
    std::string line;
    for (const std::string& text : Texts(form, std::stoll(block_text, nullptr, 16))) {
      ids.clear();
      line.clear();
      tokenizer->Encode(text, ids);
      for (const int32_t id : ids) line += (line.empty() ? "" : " ") + std::to_string(id);
      line += "\n";
      sum = crc32(sum, reinterpret_cast<const Bytef*>(line.data()), static_cast<uInt>(line.size()));
    }
    EXPECT_EQ(sum, std::stoull(sum_text, nullptr, 16))
        << "options " << letters << ", form " << form << ", block " << block_text
        << ": huggingface_checksums.py " << block_text << " prints theirs";
    ++blocks[form];
  }
  EXPECT_EQ(tokenizers, 5);
  const int all = static_cast<int>((Characters().size() + kBlock - 1) / kBlock);
  EXPECT_EQ(blocks["alone"], 2 * all);
  EXPECT_EQ(blocks["word"], 2 * all);
  EXPECT_EQ(blocks["marks"], 2 * all);
  EXPECT_EQ(blocks["hard"], 5 * 200);
}

}  // namespace
}  // namespace pretext
