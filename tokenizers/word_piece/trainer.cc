#include "tokenizers/word_piece/trainer.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "base/unicode/unicode.h"

namespace pretext {
namespace {

using Symbol = int32_t;

uint64_t PairKey(Symbol left, Symbol right) {
  return static_cast<uint64_t>(left) << 32 | static_cast<uint32_t>(right);
}
Symbol LeftOf(uint64_t pair) { return static_cast<Symbol>(pair >> 32); }
Symbol RightOf(uint64_t pair) { return static_cast<Symbol>(pair); }

// The characters that may be in pieces, by code point.
std::vector<int32_t> Alphabet(const std::vector<WordCount>& words, int64_t limit) {
  absl::flat_hash_map<int32_t, int64_t> counts;
  std::vector<int32_t> characters;
  for (const auto& [word, count] : words) {
    characters.clear();
    DecodeUtf8(word, &characters);
    for (const int32_t c : characters) counts[c] += count;
  }
  std::vector<std::pair<int64_t, int32_t>>
      by_count;  // negated count, so that ties go by code point
  for (const auto& [c, count] : counts) by_count.emplace_back(-count, c);
  std::sort(by_count.begin(), by_count.end());
  if (static_cast<int64_t>(by_count.size()) > limit) by_count.resize(limit);
  std::vector<int32_t> alphabet;
  for (const auto& [count, c] : by_count) alphabet.push_back(c);
  std::sort(alphabet.begin(), alphabet.end());
  return alphabet;
}

class Trainer {
 public:
  Trainer(const std::vector<WordCount>& words, const WordPieceTrainerOptions& options)
      : options_(options) {
    SplitIntoCharacters(words);
  }

  int64_t pieces() const { return static_cast<int64_t>(pieces_.size()); }

  std::vector<std::string> Learn() {
    CountAllPairs();
    while (pieces() < options_.vocabulary_size) {
      const uint64_t pair = PopBestPair();
      if (pair == kNoPair) break;
      Merge(pair);
    }
    return std::move(pieces_);
  }

 private:
  struct Word {
    size_t begin;  // in symbols_; shrinks in place
    int32_t length;
    int64_t count;
  };
  struct Pair {
    int64_t count = 0;
    std::vector<uint32_t> words;  // that it stood in when it came up; some twice, some no longer
  };
  // What the heap orders: the best pair by the rule above on top.
  struct Candidate {
    int64_t count;
    uint64_t pair;
  };

  static constexpr uint64_t kNoPair = ~uint64_t{0};

  Symbol Intern(std::string piece) {
    const auto [at, inserted] = symbol_of_.try_emplace(piece, static_cast<Symbol>(pieces_.size()));
    if (inserted) pieces_.push_back(std::move(piece));
    return at->second;
  }

  // Fills pieces_ with the special pieces and the alphabet, words_ and symbols_ with the words.
  void SplitIntoCharacters(const std::vector<WordCount>& words) {
    for (std::string& piece : WordPieceVocabulary::SpecialPieces()) Intern(std::move(piece));
    const std::vector<int32_t> alphabet = Alphabet(words, options_.alphabet_limit);
    const auto index_of = [&alphabet](int32_t c) -> size_t {
      const auto at = std::lower_bound(alphabet.begin(), alphabet.end(), c);
      return at != alphabet.end() && *at == c ? at - alphabet.begin() : alphabet.size();
    };
    std::vector<bool> continues(alphabet.size());
    std::vector<int32_t> characters;
    const auto usable = [&](const std::string& word) {
      characters.clear();
      DecodeUtf8(word, &characters);
      return static_cast<int64_t>(characters.size()) <= options_.max_word_characters &&
             std::all_of(characters.begin(), characters.end(),
                         [&](int32_t c) { return index_of(c) < alphabet.size(); });
    };
    for (const auto& [word, count] : words) {
      if (!usable(word)) continue;
      for (size_t i = 1; i < characters.size(); ++i) continues[index_of(characters[i])] = true;
    }
    std::vector<Symbol> initial(alphabet.size()), continuation(alphabet.size());
    for (size_t i = 0; i < alphabet.size(); ++i) initial[i] = Intern(EncodeUtf8(&alphabet[i], 1));
    for (size_t i = 0; i < alphabet.size(); ++i) {
      if (!continues[i]) continue;
      continuation[i] = Intern(absl::StrCat(absl::string_view("##"), EncodeUtf8(&alphabet[i], 1)));
    }
    for (const auto& [word, count] : words) {
      if (!usable(word)) continue;
      words_.push_back({symbols_.size(), static_cast<int32_t>(characters.size()), count});
      for (size_t i = 0; i < characters.size(); ++i) {
        symbols_.push_back((i == 0 ? initial : continuation)[index_of(characters[i])]);
      }
    }
  }

  void CountAllPairs() {
    for (uint32_t w = 0; w < words_.size(); ++w) {
      const Word& word = words_[w];
      const Symbol* s = &symbols_[word.begin];
      for (int i = 0; i + 1 < word.length; ++i) AddPair(PairKey(s[i], s[i + 1]), w, word.count);
    }
    for (const auto& [key, pair] : pairs_) heap_.push({pair.count, key});
  }

  void AddPair(uint64_t key, uint32_t word, int64_t count) {
    Pair& pair = pairs_[key];
    pair.count += count;
    if (pair.words.empty() || pair.words.back() != word) pair.words.push_back(word);
  }

  // Counts fall without a word to the heap, so what is on top may be out of date: then it goes back
  // with its count of now.
  uint64_t PopBestPair() {
    while (!heap_.empty()) {
      const Candidate top = heap_.top();
      heap_.pop();
      const int64_t count = pairs_.find(top.pair)->second.count;
      if (count == top.count && count >= options_.min_count) return top.pair;
      if (count < top.count && count >= options_.min_count) heap_.push({count, top.pair});
      // count > top.count: another candidate was pushed when it rose.
    }
    return kNoPair;
  }

  void Merge(uint64_t key) {
    const Symbol left = LeftOf(key), right = RightOf(key);
    const absl::string_view tail = absl::string_view(pieces_[right]).substr(2);  // after its "##"
    const Symbol merged = Intern(absl::StrCat(pieces_[left], tail));
    const std::vector<uint32_t> in_words = std::move(pairs_[key].words);
    risen_.clear();
    for (const uint32_t w : in_words) MergeInWord(w, left, right, merged);
    PRETEXT_CHECK(pairs_[key].count == 0, "a merged pair stands nowhere");
    pairs_[key].words.clear();
    for (const uint64_t pair : risen_) heap_.push({pairs_[pair].count, pair});
  }

  // Pairs that touch a merged place lose this word's count; those that touch
  // the new symbol gain it.
  void MergeInWord(uint32_t w, Symbol left, Symbol right, Symbol merged) {
    Word& word = words_[w];
    Symbol* s = &symbols_[word.begin];
    merges_.clear();  // where the pair stands, left to right, without overlaps
    for (int i = 0; i + 1 < word.length; ++i) {
      if (s[i] == left && s[i + 1] == right) merges_.push_back(i++);
    }
    if (merges_.empty()) return;
    int next_pair = 0;  // pairs before it have been taken off
    for (const int at : merges_) {
      const int last = std::min(at + 1, word.length - 2);
      for (int i = std::max(at - 1, next_pair); i <= last; ++i) {
        pairs_.find(PairKey(s[i], s[i + 1]))->second.count -= word.count;
      }
      next_pair = last + 1;
    }
    int length = 0;
    size_t merge = 0;
    for (int i = 0; i < word.length; ++i) {
      const bool here = merge < merges_.size() && merges_[merge] == i;
      s[length] = here ? merged : s[i];
      if (here) {
        merges_[merge++] = length;  // from here on: where the new symbol stands
        ++i;
      }
      ++length;
    }
    word.length = length;
    next_pair = 0;
    for (const int at : merges_) {
      const int last = std::min(at, length - 2);
      for (int i = std::max(at - 1, next_pair); i <= last; ++i) {
        const uint64_t pair = PairKey(s[i], s[i + 1]);
        AddPair(pair, w, word.count);
        if (risen_.empty() || risen_.back() != pair) risen_.push_back(pair);
      }
      next_pair = last + 1;
    }
  }

  const WordPieceTrainerOptions options_;
  std::vector<std::string> pieces_;  // by symbol; the vocabulary, for a symbol is a piece
  absl::flat_hash_map<std::string, Symbol> symbol_of_;
  std::vector<Symbol> symbols_;
  std::vector<Word> words_;
  absl::flat_hash_map<uint64_t, Pair> pairs_;

  struct Worse {
    const std::vector<std::string>* pieces;
    bool operator()(const Candidate& a, const Candidate& b) const {
      if (a.count != b.count) return a.count < b.count;
      if (a.pair == b.pair) return false;
      const std::string &left_a = (*pieces)[LeftOf(a.pair)], &left_b = (*pieces)[LeftOf(b.pair)];
      if (left_a != left_b) return left_a > left_b;
      return (*pieces)[RightOf(a.pair)] > (*pieces)[RightOf(b.pair)];
    }
  };
  std::priority_queue<Candidate, std::vector<Candidate>, Worse> heap_{Worse{&pieces_}};
  std::vector<uint64_t> risen_;  // pairs that the merge under way made more frequent
  std::vector<int> merges_;
};

}  // namespace

absl::StatusOr<WordPieceVocabulary> TrainWordPiece(const std::vector<WordCount>& words,
                                                   const WordPieceTrainerOptions& options) {
  if (words.empty()) {
    return absl::InvalidArgumentError("there are no words to learn a vocabulary from");
  }
  Trainer trainer(words, options);
  if (trainer.pieces() > options.vocabulary_size) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a vocabulary of ", options.vocabulary_size, " has no room for the special pieces and the ",
        "characters of this corpus, ", trainer.pieces(),
        " in all: ask for a larger one, or lower the limit of the alphabet"));
  }
  return WordPieceVocabulary::FromPieces(trainer.Learn());
}

}  // namespace pretext
