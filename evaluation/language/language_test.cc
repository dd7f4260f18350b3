#include "evaluation/language/language.h"

#include <cmath>
#include <map>
#include <memory>
#include <numbers>

#include "base/random/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tokenizers/testing/fake_tokenizer.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int64_t kLength = 8, kVocabulary = 20;
constexpr int32_t kCls = 2, kSep = 3, kMask = 4, kFirst = 5;

// Sequences in memory: [CLS] tokens [SEP] padding.
class MemoryText : public Dataset {
 public:
  MemoryText(int64_t train, int64_t test) : tokenizer_(kVocabulary) {
    Random random({.seed = 4});
    for (int64_t i = 0; i < train + test; ++i) {
      std::vector<int32_t> tokens = {kCls};
      for (uint32_t j = 0, n = 1 + random.Below(6); j < n; ++j) {
        // Frequencies that fall, and a token that often follows another.
        const auto drawn = static_cast<int32_t>(random.Below(1 + random.Below(15)));
        tokens.push_back(tokens.back() == 7 && random.Below(2) == 0 ? 9 : kFirst + drawn);
      }
      tokens.push_back(kSep);
      sequences_[i < train ? 0 : 1].push_back(tokens);
    }
  }

  explicit MemoryText(std::vector<std::vector<int32_t>> train) : tokenizer_(kVocabulary) {
    sequences_[0] = std::move(train);
  }

  FlowType type() const override { return FlowType::Tokens(kLength, kVocabulary); }
  const Tokenizer* tokenizer() const override { return &tokenizer_; }
  double characters_per_token(Split) const override { return 4; }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split split) const override { return sequences(split).size(); }
  absl::Status Read(Split split, int64_t index, Sample& sample) const override {
    sample = Sample{.index = index, .type = type(), .tokens = sequences(split)[index]};
    sample.length = static_cast<int32_t>(sample.tokens.size());
    sample.tokens.resize(kLength);
    return absl::OkStatus();
  }
  std::string Summary() const override { return ""; }

  const std::vector<std::vector<int32_t>>& sequences(Split split) const {
    return sequences_[static_cast<int>(split)];
  }

 private:
  FakeTokenizer tokenizer_;
  std::vector<std::vector<int32_t>> sequences_[2];
};

// The definition in language_baseline.h, read literally.
struct Naive {
  explicit Naive(const std::vector<std::vector<int32_t>>& sequences) {
    for (const auto& sequence : sequences) {
      for (size_t i = 1; i + 1 < sequence.size(); ++i) {
        ++count[sequence[i]];
        ++total;
        ++pairs[{sequence[i - 1], sequence[i]}];
        ++followers[sequence[i - 1]];
      }
    }
    double once = 0, twice = 0;
    for (const auto& [pair, n] : pairs) {
      once += n == 1;
      twice += n == 2;
      kinds[pair.first] += 1;
    }
    discount = once / (once + 2 * twice);
  }
  double Unigram(int32_t w) const {
    return ((count.contains(w) ? count.at(w) : 0) + 1) / (total + kVocabulary - kFirst);
  }
  double Bigram(int32_t v, int32_t w) const {
    if (!followers.contains(v)) return Unigram(w);
    const double n = pairs.contains({v, w}) ? pairs.at({v, w}) : 0;
    return std::max(n - discount, 0.0) / followers.at(v) +
           discount * kinds.at(v) / followers.at(v) * Unigram(w);
  }
  std::map<int32_t, double> count, followers, kinds;
  std::map<std::pair<int32_t, int32_t>, double> pairs;
  double total = 0, discount = 0;
};

TEST(LanguageBaselineTest, EqualsTheDefinition) {
  const MemoryText text(60, 1);
  const auto baseline = LanguageBaseline::Count(text);
  ASSERT_TRUE(baseline.ok());
  const Naive naive(text.sequences(Split::kTrain));
  EXPECT_GT(naive.discount, 0.1);
  // Both are double; logarithms of numbers above 1e-4 agree to rounding.
  for (int32_t w = kFirst; w < kVocabulary; ++w) {
    EXPECT_NEAR(baseline->UnigramLoss(w), -std::log(naive.Unigram(w)), 1e-12);
    for (int32_t v = 0; v < kVocabulary; ++v) {
      EXPECT_NEAR(baseline->BigramLoss(v, w), -std::log(naive.Bigram(v, w)), 1e-12)
          << v << " " << w;
    }
  }
}

TEST(LanguageBaselineTest, ProbabilitiesSumToOne) {
  const MemoryText text(200, 1);
  const auto baseline = LanguageBaseline::Count(text);
  ASSERT_TRUE(baseline.ok());
  for (int32_t v = 0; v < kVocabulary; ++v) {
    double unigram = 0, bigram = 0;
    for (int32_t w = kFirst; w < kVocabulary; ++w) {
      unigram += std::exp(-baseline->UnigramLoss(w));
      bigram += std::exp(-baseline->BigramLoss(v, w));
    }
    EXPECT_NEAR(unigram, 1, 1e-12);
    EXPECT_NEAR(bigram, 1, 1e-12) << v;
  }
  // The pair that was planted.
  EXPECT_LT(baseline->BigramLoss(7, 9), baseline->UnigramLoss(9) - 0.5);
}

TEST(LanguageBaselineTest, CountsAnEvenPartOfALargeSplit) {
  const MemoryText text(200, 1);
  const auto part = LanguageBaseline::Count(text, 50 * kLength);
  ASSERT_TRUE(part.ok());
  std::vector<std::vector<int32_t>> every_fourth;
  for (int i = 0; i < 200; i += 4) every_fourth.push_back(text.sequences(Split::kTrain)[i]);
  const Naive naive(every_fourth);
  for (int32_t w = kFirst; w < kVocabulary; ++w) {
    EXPECT_NEAR(part->UnigramLoss(w), -std::log(naive.Unigram(w)), 1e-12);
  }
}

// Masks every token at an even place.
class EvenPlaces : public Augmentation {
 public:
  FlowType output() const override { return FlowType::Tokens(kLength, kVocabulary); }
  void Apply(Sample& sample, Random&) const override {
    sample.targets.clear();
    for (int32_t i = 1; i + 1 < sample.length; ++i) {
      if (!both && i % 2 == 1) continue;
      sample.targets.push_back({i, sample.tokens[i]});
      sample.tokens[i] = kMask;
    }
  }
  bool both = false;  // and at odd ones
};

class NoEncoder : public Encoder {
 public:
  FlowType output() const override { return FlowType::Sequence(kLength, 1); }
  Var Forward(Tape& tape, Var, const Batch& batch, const ForwardContext& context) override {
    EXPECT_FALSE(context.training);
    EXPECT_FALSE(tape.recording());
    return tape.Constant(Tensor::Zeros(Shape{batch.rows() * kLength, 1}));
  }
};

class NoHead : public Head {
 public:
  FlowType output() const override { return FlowType::TokenScores(1, kVocabulary); }
  Prediction Forward(Tape&, Var h, const Batch&, const ForwardContext&) override {
    return {.value = h};
  }
};

// Loss id / 10 for every target, "accuracy" the share of even ids.
class IdLoss : public Loss {
 public:
  LossResult Compute(Tape& tape, const Prediction&, const Batch& batch) override {
    double sum = 0, even = 0;
    for (int64_t i = 0; i < batch.masked(); ++i) {
      const int32_t id = batch.masked_ids.ints()[i];
      sum += id * scale;
      even += id % 2 == 0;
    }
    const auto n = static_cast<double>(batch.masked());
    return {.loss = tape.Constant(Tensor::Full(Shape{}, static_cast<float>(sum / n))),
            .weight = n,
            .metrics = {{"accuracy", even / n}}};
  }
  double scale = 0.1;
};

std::map<std::string, double> Figures(const LanguageFigures& figures) {
  return {figures.values.begin(), figures.values.end()};
}

// Where a sequence has nothing else, [UNK] is masked, and so counted.
TEST(LanguageBaselineTest, UnknownTokensCountWhereTheyAreTargets) {
  constexpr int32_t kUnknown = 1;
  std::vector<std::vector<int32_t>> sequences(400, {kCls, kUnknown, kUnknown, kUnknown, kSep});
  const auto all = LanguageBaseline::Count(MemoryText(sequences));
  ASSERT_TRUE(all.ok());
  // 1200 of them, and each of the 16 kinds once more.
  EXPECT_NEAR(all->UnigramLoss(kUnknown), std::log(1216.0 / 1201), 1e-12);
  EXPECT_LT(all->BigramLoss(kUnknown, kUnknown), 0.02);
  sequences.assign(2, {kCls, kUnknown, kFirst, kSep});
  const auto beside = LanguageBaseline::Count(MemoryText(sequences));
  ASSERT_TRUE(beside.ok());
  EXPECT_NEAR(beside->UnigramLoss(kFirst), std::log(17.0 / 3), 1e-12) << "not beside words";
}

TEST(LanguageTest, FiguresAreMeansOverAllTargets) {
  const MemoryText text(60, 23);
  const auto baseline = LanguageBaseline::Count(text);
  ASSERT_TRUE(baseline.ok());
  const Naive naive(text.sequences(Split::kTrain));
  EvenPlaces masking;
  for (const bool both : {false, true}) {
    masking.both = both;
    double loss = 0, even = 0, unigram = 0, bigram = 0, n = 0;
    for (const auto& sequence : text.sequences(Split::kTest)) {
      for (size_t i = 1; i + 1 < sequence.size(); ++i) {
        if (!both && i % 2 == 1) continue;
        loss += sequence[i] * 0.1;
        even += sequence[i] % 2 == 0;
        unigram -= std::log(naive.Unigram(sequence[i]));
        bigram -= std::log(naive.Bigram(sequence[i - 1], sequence[i]));
        ++n;
      }
    }
    NoEncoder encoder;
    NoHead head;
    IdLoss id_loss;
    for (const int64_t batch_size : {1, 5, 23, 64}) {
      const auto measured = MeasureLanguage(encoder, head, id_loss, text, {&masking}, *baseline,
                                            {.batch_size = batch_size});
      ASSERT_TRUE(measured.ok()) << measured.status();
      auto figures = Figures(*measured);
      // Batch losses are float: 2^-24 relative each.
      EXPECT_NEAR(figures["masked_loss"], loss / n, 1e-6);
      EXPECT_NEAR(figures["masked_perplexity"], std::exp(loss / n), 1e-5);
      EXPECT_NEAR(figures["bigram_masked_perplexity"], std::exp(bigram / n), 1e-9);
      EXPECT_NEAR(figures["masked_accuracy"], 100 * even / n, 1e-9);
      EXPECT_NEAR(figures["unigram_masked_loss"], unigram / n, 1e-9);
      EXPECT_NEAR(figures["bigram_masked_loss"], bigram / n, 1e-9);
      EXPECT_NEAR(figures["masked_bits_per_character"], loss / n / std::numbers::ln2 / 4, 1e-6);
      EXPECT_NEAR(figures["unigram_masked_bits_per_character"], unigram / n / std::numbers::ln2 / 4,
                  1e-9);
      EXPECT_NEAR(figures["bigram_masked_bits_per_character"], bigram / n / std::numbers::ln2 / 4,
                  1e-9);
    }
  }
}

// Of a model that is its loss alone.
auto MeasureEvenPlaces(const MemoryText& text, IdLoss& loss, int64_t batch_size) {
  const auto baseline = LanguageBaseline::Count(text);
  EXPECT_TRUE(baseline.ok());
  EvenPlaces masking;
  NoEncoder encoder;
  NoHead head;
  return MeasureLanguage(encoder, head, loss, text, {&masking}, *baseline,
                         {.batch_size = batch_size});
}

TEST(LanguageTest, WarnsOnThePlateau) {
  const MemoryText text(60, 23);
  IdLoss loss;
  loss.scale = 1;
  const auto warning = [&] { return MeasureEvenPlaces(text, loss, 8)->warning; };
  EXPECT_THAT(warning(), AllOf(HasSubstr("is above the"), HasSubstr("not even these")));
  loss.scale = std::nan("");
  EXPECT_THAT(warning(), HasSubstr("is no better than"));
  loss.scale = 0.01;
  EXPECT_EQ(warning(), "");
  // Between the two: below what frequencies give, and so near that nothing else was learnt.
  const auto measured = MeasureEvenPlaces(text, loss, 8);
  std::map<std::string, double> figures;
  for (const auto& [name, value] : measured->values) figures[name] = value;
  loss.scale *= 0.98 * figures["unigram_masked_loss"] / figures["masked_loss"];
  EXPECT_THAT(warning(), AllOf(HasSubstr("is hardly better than"), HasSubstr("next to nothing")));
  loss.scale *= 1.01 / 0.98;
  EXPECT_THAT(warning(), HasSubstr("is no better than"));
}

TEST(LanguageTest, NothingHeldOut) {
  IdLoss loss;
  const auto measured = MeasureEvenPlaces(MemoryText(3, 0), loss, LanguageOptions().batch_size);
  ASSERT_TRUE(measured.ok());
  EXPECT_TRUE(measured->values.empty());
}

}  // namespace
}  // namespace pretext
