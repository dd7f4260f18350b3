#include "tokenizers/word_piece/trainer.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

using Word = std::vector<std::string>;

// The definition in trainer.h read literally: every pair is counted anew for every piece.
// ASCII words only.
std::vector<std::string> SlowWordPiece(const std::vector<WordCount>& counts, size_t size,
                                       int64_t min_count) {
  std::set<std::string> initial, inside;
  std::vector<std::pair<Word, int64_t>> words;
  for (const auto& [text, count] : counts) {
    Word word;
    for (size_t i = 0; i < text.size(); ++i) {
      const std::string c(1, text[i]);
      initial.insert(c);
      if (i > 0) inside.insert("##" + c);
      word.push_back(i == 0 ? c : "##" + c);
    }
    words.emplace_back(word, count);
  }
  std::vector<std::string> vocabulary = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  vocabulary.insert(vocabulary.end(), initial.begin(), initial.end());
  vocabulary.insert(vocabulary.end(), inside.begin(), inside.end());
  while (vocabulary.size() < size) {
    std::map<std::pair<std::string, std::string>, int64_t> pairs;
    for (const auto& [word, count] : words) {
      for (size_t i = 0; i + 1 < word.size(); ++i) pairs[{word[i], word[i + 1]}] += count;
    }
    std::pair<std::string, std::string> best;
    int64_t most = 0;
    for (const auto& [pair, count] : pairs) {  // in the order that breaks ties
      if (count > most) {
        most = count;
        best = pair;
      }
    }
    if (most < min_count) break;
    const std::string merged = best.first + best.second.substr(2);
    for (auto& [word, count] : words) {
      Word result;
      for (size_t i = 0; i < word.size(); ++i) {
        if (i + 1 < word.size() && word[i] == best.first && word[i + 1] == best.second) {
          result.push_back(merged);
          ++i;
        } else {
          result.push_back(word[i]);
        }
      }
      word = result;
    }
    if (std::find(vocabulary.begin(), vocabulary.end(), merged) == vocabulary.end()) {
      vocabulary.push_back(merged);
    }
  }
  return vocabulary;
}

std::vector<std::string> Learn(const std::vector<WordCount>& words,
                               const WordPieceTrainerOptions& options) {
  const absl::StatusOr<WordPieceVocabulary> vocabulary = TrainWordPiece(words, options);
  EXPECT_TRUE(vocabulary.ok()) << vocabulary.status();
  std::vector<std::string> pieces;
  for (int64_t id = 0; vocabulary.ok() && id < vocabulary->size(); ++id)
    pieces.push_back(vocabulary->piece(id));
  return pieces;
}

// Words made of a few syllables of a few letters: many ties, repeats like "aaaa", and pieces that
// are reached by more than one way.
std::vector<WordCount> RandomWords(uint64_t sample, int letters, int words) {
  Random random({.seed = 3, .sample = sample});
  std::vector<std::string> syllables;
  for (int i = 0; i < 8; ++i) {
    std::string syllable;
    for (uint32_t j = 0, n = 1 + random.Below(3); j < n; ++j)
      syllable += static_cast<char>('a' + random.Below(letters));
    syllables.push_back(syllable);
  }
  std::map<std::string, int64_t> counts;
  for (int i = 0; i < words; ++i) {
    std::string word;
    for (uint32_t j = 0, n = 1 + random.Below(6); j < n; ++j) word += syllables[random.Below(8)];
    counts[word] += 1 + random.Below(4);
  }
  return {counts.begin(), counts.end()};
}

TEST(WordPieceTrainerTest, EqualsTheSlowReference) {
  int64_t merges = 0;
  for (uint64_t sample = 0; sample < 60; ++sample) {
    const int letters = 1 + sample % 5;
    const std::vector<WordCount> words = RandomWords(sample, letters, 60);
    for (const int64_t min_count : {1, 2, 9}) {
      WordPieceTrainerOptions options;
      options.vocabulary_size =
          sample % 2 == 0 ? 60 : 1000;  // stopped by the size, or by the counts
      options.min_count = min_count;
      const std::vector<std::string> pieces = Learn(words, options);
      ASSERT_EQ(pieces, SlowWordPiece(words, options.vocabulary_size, min_count))
          << "sample " << sample;
      merges += pieces.size() - 5 - 2 * letters;
    }
  }
  EXPECT_GT(merges, 3000);
}

TEST(WordPieceTrainerTest, SmallExampleByHand) {
  // l ##o 5+2 times, ##o ##w 7, then low whole; e ##r never pays twice.
  const std::vector<WordCount> words = {{"low", 5}, {"lower", 2}};
  WordPieceTrainerOptions options;
  options.min_count = 3;
  EXPECT_EQ(Learn(words, options),
            (std::vector<std::string>{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "e", "l", "o",
                                      "r", "w", "##e", "##o", "##r", "##w", "##ow", "low"}));
}

TEST(WordPieceTrainerTest, AlphabetIsLimitedToTheMostFrequent) {
  const std::vector<WordCount> words = {{"ab", 9}, {"abx", 1}, {"\u00e9b", 3}, {"\u4e2d", 2}};
  WordPieceTrainerOptions options;
  options.alphabet_limit =
      3;  // a, b, é; 中 and x are left out, and with them the words they are in
  options.min_count = 100;
  EXPECT_EQ(Learn(words, options), (std::vector<std::string>{"[PAD]", "[UNK]", "[CLS]", "[SEP]",
                                                             "[MASK]", "a", "b", "\u00e9", "##b"}));
}

TEST(WordPieceTrainerTest, LongWordsTeachNothing) {
  WordPieceTrainerOptions options;
  options.max_word_characters = 4;
  const std::vector<std::string> pieces = Learn({{"abab", 1}, {"cdcdc", 100}}, options);
  EXPECT_EQ(std::count(pieces.begin(), pieces.end(), "##cd"), 0);
  EXPECT_EQ(std::count(pieces.begin(), pieces.end(), "##d"), 0);
}

TEST(WordPieceTrainerTest, SaysWhatIsWrong) {
  WordPieceTrainerOptions options;
  EXPECT_THAT(TrainWordPiece({}, options).status().message(), testing::HasSubstr("no words"));
  options.vocabulary_size = 8;
  EXPECT_THAT(TrainWordPiece({{"abc", 1}}, options).status().message(),
              testing::HasSubstr("a vocabulary of 8 has no room"));
}

TEST(WordCounterTest, CountsTheSameWhateverTheSplit) {
  const std::vector<std::string> documents = {"The the THE cat's caf\u00e9",
                                              "cafe\u0301 \u4e2d\u4e2d x", "", "the end."};
  const std::vector<WordCount> expected = {{"'", 1},   {".", 1},   {"cafe", 2},
                                           {"cat", 1}, {"end", 1}, {"s", 1},
                                           {"the", 4}, {"x", 1},   {"\u4e2d", 2}};
  WordCounter together{BasicTokenizerOptions()};
  together.Add(documents);
  EXPECT_EQ(together.Sorted(), expected);
  WordCounter apart{BasicTokenizerOptions()};
  for (const std::string& document : documents) apart.Add({document});
  EXPECT_EQ(apart.Sorted(), expected);
}

}  // namespace
}  // namespace pretext
