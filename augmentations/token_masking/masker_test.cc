#include "augmentations/token_masking/masker.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "augmentations/testing/augmenting.h"
#include "augmentations/testing/distribution.h"
#include "gtest/gtest.h"
#include "tokenizers/testing/fake_tokenizer.h"

namespace pretext {
namespace {

using Count = MaskingOptions::Count;
using Unit = MaskingOptions::Unit;

constexpr int32_t kUnknown = 1, kCls = 2, kSep = 3, kMask = 4;
constexpr int32_t kFirstOrdinary = 7, kFirstContinuation = 40, kVocabulary = 60;

MaskingVocabulary Vocabulary() {
  return MaskingVocabulary::Of(FakeTokenizer(kVocabulary, kFirstOrdinary, kFirstContinuation));
}

struct Masked {
  std::vector<int32_t> tokens;
  std::vector<Sample::Target> targets;
};

Masked Mask(const TokenMasker& masker, const std::vector<int32_t>& tokens, uint64_t draw) {
  Masked masked{tokens, {}};
  Random random = TestRandom(draw);
  masker.Mask(masked.tokens.data(), static_cast<int64_t>(tokens.size()), masked.targets, random);
  return masked;
}

// [CLS], n tokens, [SEP]; every `piece`-th token begins a word, the others continue it.
std::vector<int32_t> Sequence(int n, int piece = 1) {
  std::vector<int32_t> tokens = {kCls};
  for (int i = 0; i < n; ++i) {
    tokens.push_back(i % piece == 0 ? kFirstOrdinary + i % 30 : kFirstContinuation + i % 20);
  }
  tokens.push_back(kSep);
  return tokens;
}

TEST(MaskerTest, GoldenVectors) {
  std::ifstream file("augmentations/token_masking/testdata/masked.txt");
  uint64_t draw = 0, without_targets = 0;
  for (std::string line; std::getline(file, line); ++draw) {
    std::replace(line.begin(), line.end(), ':', ' ');
    std::istringstream fields(line);
    std::string unit, count, bar;
    MaskingOptions options;
    fields >> unit >> count >> options.rate >> options.mask_probability >>
        options.random_probability >> options.span_stop >> options.max_span_words >> bar;
    options.unit = unit == "token" ? Unit::kToken : unit == "word" ? Unit::kWholeWord : Unit::kSpan;
    options.count = count == "exact" ? Count::kExact : Count::kBernoulli;
    std::vector<int32_t> columns[3];
    for (auto& column : columns) {
      for (std::string text; fields >> text && text != "|";) column.push_back(std::stoi(text));
    }
    const Masked masked = Mask(TokenMasker(options, Vocabulary()), columns[0], draw);
    EXPECT_EQ(masked.tokens, columns[1]) << "line " << draw;
    std::vector<int32_t> targets;
    for (const Sample::Target& target : masked.targets) {
      targets.insert(targets.end(), {target.position, target.id});
    }
    EXPECT_EQ(targets, columns[2]) << "line " << draw;
    without_targets += targets.empty();
  }
  EXPECT_EQ(draw, 360);
  EXPECT_LT(without_targets, 10);
}

// Every combination of unit and count.
std::vector<MaskingOptions> AllKinds(double rate) {
  std::vector<MaskingOptions> kinds;
  for (const Unit unit : {Unit::kToken, Unit::kWholeWord, Unit::kSpan}) {
    for (const Count count : {Count::kExact, Count::kBernoulli}) {
      kinds.push_back({.rate = rate, .count = count, .unit = unit});
    }
  }
  return kinds;
}

TEST(MaskerTest, AlwaysATargetAndNothingElseChanges) {
  for (const double rate : {1e-6, 0.15, 1.0}) {
    for (const MaskingOptions& options : AllKinds(rate)) {
      const TokenMasker masker(options, Vocabulary());
      for (uint64_t draw = 0; draw < 300; ++draw) {
        Random random = TestRandom(1000 + draw);
        std::vector<int32_t> tokens = {kCls};
        const bool only_unknown = draw % 10 == 0;
        for (uint32_t i = 0, n = 1 + random.Below(30); i < n; ++i) {
          tokens.push_back(only_unknown ? kUnknown
                                        : static_cast<int32_t>(random.Below(kVocabulary)));
        }
        if (!only_unknown) tokens.push_back(kFirstOrdinary);
        tokens.push_back(kSep);
        const Masked masked = Mask(masker, tokens, draw);
        ASSERT_FALSE(masked.targets.empty());
        std::vector<int32_t> restored = masked.tokens;
        int32_t last = -1;
        for (const Sample::Target& target : masked.targets) {
          EXPECT_GT(target.position, last);
          last = target.position;
          EXPECT_EQ(target.id, tokens[target.position]);
          EXPECT_EQ(target.id >= kFirstOrdinary, !only_unknown);
          const int32_t now = masked.tokens[target.position];
          EXPECT_TRUE(now == kMask || now == target.id || now >= kFirstOrdinary) << now;
          restored[target.position] = target.id;
        }
        EXPECT_EQ(restored, tokens);
        if (rate == 1.0) {
          EXPECT_EQ(masked.targets.size(),
                    std::count_if(tokens.begin(), tokens.end(), [&](int32_t id) {
                      return only_unknown ? id == kUnknown : id >= kFirstOrdinary;
                    }));
        }
      }
    }
  }
}

TEST(MaskerTest, NothingToMask) {
  for (const MaskingOptions& options : AllKinds(0.5)) {
    const TokenMasker masker(options, Vocabulary());
    for (const std::vector<int32_t>& tokens :
         {std::vector<int32_t>{}, {kCls, kSep}, {kCls, 0, 5, kSep}}) {
      const Masked masked = Mask(masker, tokens, 0);
      EXPECT_EQ(masked.tokens, tokens);
      EXPECT_TRUE(masked.targets.empty());
    }
  }
}

TEST(MaskerTest, ExactCount) {
  // Python's round(0.15 * n), as google-research/bert takes it, for some n; halves go to even.
  const std::map<int, size_t> expected = {{1, 1},   {2, 1},    {3, 1},    {9, 1},   {10, 2},
                                          {11, 2},  {20, 3},   {30, 4},   {50, 8},  {70, 10},
                                          {90, 14}, {110, 16}, {126, 19}, {510, 76}};
  for (const Unit unit : {Unit::kToken, Unit::kSpan}) {
    const TokenMasker masker({.unit = unit}, Vocabulary());
    for (const auto& [n, count] : expected) {
      EXPECT_EQ(Mask(masker, Sequence(n, 3), n).targets.size(), count) << n;
    }
  }
}

TEST(MaskerTest, SameStreamSameMaskOtherStreamOtherMask) {
  for (const MaskingOptions& options : AllKinds(0.15)) {
    const TokenMasker masker(options, Vocabulary());
    const Masked first = Mask(masker, Sequence(126), 1), again = Mask(masker, Sequence(126), 1);
    EXPECT_EQ(first.tokens, again.tokens);
    std::vector<std::vector<int32_t>> seen;
    for (uint64_t draw = 0; draw < 20; ++draw)
      seen.push_back(Mask(masker, Sequence(126), draw).tokens);
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
  }
}

// How often each of n places is a target in `draws` draws, and how many targets there are in all.
struct PlaceCounts {
  std::vector<double> at;
  double all = 0;
};

PlaceCounts CountPlaces(const TokenMasker& masker, const std::vector<int32_t>& tokens, int draws) {
  PlaceCounts counts{std::vector<double>(tokens.size() - 2), 0};
  for (int draw = 0; draw < draws; ++draw) {
    for (const Sample::Target& target : Mask(masker, tokens, draw).targets) {
      ++counts.at[target.position - 1];
      ++counts.all;
    }
  }
  return counts;
}

TEST(MaskerTest, EveryPlaceAlike) {
  // Draws without replacement scatter less than the multinomial that chi-square assumes, so the
  // test only errs towards passing; the planted fault below shows what it still sees.
  const std::vector<double> uniform(50, 1.0 / 50);
  for (const Count count : {Count::kExact, Count::kBernoulli}) {
    const TokenMasker by_token({.count = count}, Vocabulary());
    EXPECT_GT(ChiSquare(CountPlaces(by_token, Sequence(50), 20000).at, uniform), kSignificance);
    // Words of two pieces: one count a word.
    const TokenMasker by_word({.count = count, .unit = Unit::kWholeWord}, Vocabulary());
    const PlaceCounts pieces = CountPlaces(by_word, Sequence(100, 2), 20000);
    std::vector<double> words;
    for (int i = 0; i < 100; i += 2) {
      words.push_back(pieces.at[i]);
      EXPECT_EQ(pieces.at[i], pieces.at[i + 1]);
    }
    EXPECT_GT(ChiSquare(words, uniform), kSignificance);
  }
  // A planted fault: one place in fifty is drawn 10 % less often.
  PlaceCounts biased =
      CountPlaces(TokenMasker({.count = Count::kBernoulli}, Vocabulary()), Sequence(50), 80000);
  EXPECT_GT(ChiSquare(biased.at, uniform), kSignificance);
  biased.at[17] *= 0.9;
  EXPECT_LT(ChiSquare(biased.at, uniform), kSignificance);
}

TEST(MaskerTest, BernoulliCountsAreBinomial) {
  const int n = 40, draws = 40000;
  const double rate = 0.15;
  for (const Unit unit : {Unit::kToken, Unit::kSpan}) {
    const TokenMasker masker({.rate = rate, .count = Count::kBernoulli, .unit = unit},
                             Vocabulary());
    std::vector<double> counts(15), probabilities(15);
    for (int draw = 0; draw < draws; ++draw) {
      ++counts[std::min<size_t>(Mask(masker, Sequence(n), draw).targets.size(), 14)];
    }
    double left = 1;
    for (int k = 0; k < 14; ++k) {
      const double p = std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) +
                                k * std::log(rate) + (n - k) * std::log(1 - rate));
      probabilities[std::max(k, 1)] += p;  // none becomes one
      left -= p;
    }
    probabilities[14] = left;
    EXPECT_EQ(counts[0], 0);
    counts.erase(counts.begin());
    probabilities.erase(probabilities.begin());
    EXPECT_GT(ChiSquare(counts, probabilities), kSignificance);
  }
}

// What became of the targets: [MASK], a random token that differs, as it was.
std::vector<double> CountOutcomes(const MaskingOptions& options, int draws) {
  const TokenMasker masker(options, Vocabulary());
  const std::vector<int32_t> tokens = Sequence(126);
  std::vector<double> outcomes(3);
  for (int draw = 0; draw < draws; ++draw) {
    const Masked masked = Mask(masker, tokens, draw);
    for (const Sample::Target& target : masked.targets) {
      const int32_t now = masked.tokens[target.position];
      ++outcomes[now == kMask ? 0 : now != target.id ? 1 : 2];
    }
  }
  return outcomes;
}

// The probabilities of the outcomes: one random token in 53 is the one that stood there.
std::vector<double> OutcomeProbabilities(double mask, double random) {
  const double other = random * (1 - 1.0 / (kVocabulary - kFirstOrdinary));
  return {mask, other, 1 - mask - other};
}

TEST(MaskerTest, EightyTenTen) {
  for (MaskingOptions options : AllKinds(0.15)) {
    if (options.unit == Unit::kSpan) continue;  // targets of a span share a draw: see below
    EXPECT_GT(ChiSquare(CountOutcomes(options, 6000), OutcomeProbabilities(0.8, 0.1)),
              kSignificance);
    options.mask_probability = 0.3;
    options.random_probability = 0.6;
    EXPECT_GT(ChiSquare(CountOutcomes(options, 6000), OutcomeProbabilities(0.3, 0.6)),
              kSignificance);
    // Faults that have been shipped: 80/2/18, and 80/20/0.
    for (const double random : {0.02, 0.2}) {
      options.mask_probability = 0.8;
      options.random_probability = random;
      EXPECT_LT(ChiSquare(CountOutcomes(options, 6000), OutcomeProbabilities(0.8, 0.1)),
                kSignificance);
    }
  }
}

TEST(MaskerTest, RandomTokensAreUniformAndNeverSpecial) {
  const TokenMasker masker({.rate = 1, .mask_probability = 0, .random_probability = 1},
                           Vocabulary());
  std::vector<double> counts(kVocabulary - kFirstOrdinary);
  for (int draw = 0; draw < 2000; ++draw) {
    const Masked masked = Mask(masker, Sequence(100), draw);
    for (size_t i = 1; i + 1 < masked.tokens.size(); ++i) {
      ASSERT_GE(masked.tokens[i], kFirstOrdinary);
      ++counts[masked.tokens[i] - kFirstOrdinary];
    }
  }
  EXPECT_GT(ChiSquare(counts, std::vector<double>(counts.size(), 1.0 / counts.size())),
            kSignificance);
}

TEST(MaskerTest, WholeWordsAreNeverSplit) {
  for (const Count count : {Count::kExact, Count::kBernoulli}) {
    const TokenMasker masker({.count = count, .unit = Unit::kWholeWord}, Vocabulary());
    for (int draw = 0; draw < 500; ++draw) {
      const std::vector<int32_t> tokens = Sequence(60, 1 + draw % 5);
      const Masked masked = Mask(masker, tokens, draw);
      std::vector<bool> target(tokens.size());
      for (const Sample::Target& t : masked.targets) target[t.position] = true;
      for (size_t i = 2; i + 1 < tokens.size(); ++i) {
        EXPECT_TRUE(target[i] == target[i - 1] || tokens[i] < kFirstContinuation);
      }
      EXPECT_TRUE(count == Count::kBernoulli || masked.targets.size() <= 9);  // round(0.15 · 60)
    }
    // A word longer than there is room for: as a whole all the same.
    EXPECT_EQ(Mask(masker, Sequence(12, 12), 3).targets.size(), 12);
  }
}

TEST(MaskerTest, SpanLengthsAreTruncatedGeometric) {
  // With room for k tokens, all k stand in a row where the first span is of k words or more (or, in
  // one draw of some thousands, a second span begins where the first ends): this gives P(l >= k).
  const int n = 1000, most = 10, draws = 3000;
  std::vector<double> at_least(most + 2);
  for (int l = most; l >= 1; --l) at_least[l] = at_least[l + 1] + std::pow(0.8, l);
  for (int k = 2; k <= most; k += 2) {
    const TokenMasker masker({.rate = static_cast<double>(k) / n, .unit = Unit::kSpan},
                             Vocabulary());
    double in_a_row = 0;
    for (int draw = 0; draw < draws; ++draw) {
      const std::vector<Sample::Target> targets = Mask(masker, Sequence(n), draw).targets;
      ASSERT_EQ(targets.size(), k);
      in_a_row += targets.back().position == targets.front().position + k - 1;
    }
    const double p = at_least[k] / at_least[1];
    EXPECT_GT(ChiSquare({in_a_row, draws - in_a_row}, {p, 1 - p}), kSignificance) << k;
  }
}

TEST(MaskerTest, SpansAreOfWholeWordsAndReplacedAlike) {
  const TokenMasker masker(
      {.rate = 0.2, .unit = Unit::kSpan, .mask_probability = 0.5, .random_probability = 0.0},
      Vocabulary());
  double spans = 0, masked_spans = 0;
  for (int draw = 0; draw < 4000; ++draw) {
    const std::vector<int32_t> tokens =
        Sequence(50, 2);  // words of two pieces; ten targets: whole words
    const Masked masked = Mask(masker, tokens, draw);
    ASSERT_EQ(masked.targets.size(), 10);
    for (size_t i = 0; i < 10; i += 2) {
      EXPECT_EQ(masked.targets[i].position % 2, 1);
      EXPECT_EQ(masked.targets[i + 1].position, masked.targets[i].position + 1);
      const bool hidden = masked.tokens[masked.targets[i].position] == kMask;
      EXPECT_EQ(masked.tokens[masked.targets[i + 1].position] == kMask, hidden);
    }
    ++spans;
    masked_spans += masked.tokens[masked.targets[0].position] == kMask;
  }
  EXPECT_GT(ChiSquare({masked_spans, spans - masked_spans}, {0.5, 0.5}), kSignificance);
}

TEST(MaskerTest, SpansStopAtSpecialTokens) {
  // Two documents of one word, all masked, and spans that want a hundred words. Were a span to go
  // over the [SEP], both words would always fare alike; of two spans they do half the time.
  const std::vector<int32_t> tokens = {kCls, 10, kSep, 20, kSep};
  const TokenMasker masker({.rate = 1,
                            .unit = Unit::kSpan,
                            .mask_probability = 0.5,
                            .random_probability = 0,
                            .span_stop = 0,
                            .max_span_words = 100},
                           Vocabulary());
  double alike = 0;
  const int draws = 2000;
  for (int draw = 0; draw < draws; ++draw) {
    const Masked masked = Mask(masker, tokens, draw);
    ASSERT_EQ(masked.targets.size(), 2);
    alike += (masked.tokens[1] == kMask) == (masked.tokens[3] == kMask);
  }
  EXPECT_GT(ChiSquare({alike, draws - alike}, {0.5, 0.5}), kSignificance);
}

}  // namespace
}  // namespace pretext
