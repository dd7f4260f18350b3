#include <gtest/gtest.h>

#include <cmath>

#include "encoders/transformer/transformer.h"
#include "encoders/transformer/transformer.pb.h"
#include "heads/masked_language_model/masked_language_model.h"
#include "heads/masked_language_model/masked_language_model.pb.h"
#include "pipelines/report_data/gather_parts.h"
#include "pipelines/text/pipeline.pb.h"
#include "tokenizers/testing/fake_tokenizer.h"

namespace pretext {
namespace {

constexpr int64_t kLength = 6, kVocabulary = 9;
constexpr int32_t kCls = 2, kSep = 3, kMask = 4, kFrequent = 5, kRare = 6;

// Four words a sequence: in training one of twenty is of the rare ones, held-out text has them all
// in its second half, as what is sorted does.
class SortedText : public Dataset {
 public:
  FlowType type() const override { return FlowType::Tokens(kLength, kVocabulary); }
  const Tokenizer* tokenizer() const override { return &tokenizer_; }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split split) const override { return split == Split::kTrain ? 400 : 4000; }
  absl::Status Read(Split split, int64_t index, Sample& sample) const override {
    const bool rare = split == Split::kTrain ? index % 20 == 0 : index >= 2000;
    const int32_t word = rare ? kRare : kFrequent;
    sample = Sample{.index = index,
                    .type = type(),
                    .tokens = {kCls, word, word, word, word, kSep},
                    .length = kLength};
    return absl::OkStatus();
  }
  std::string Summary() const override { return ""; }

 private:
  FakeTokenizer tokenizer_{kVocabulary};
};

// Masks two of the four words.
class Blanks : public Augmentation {
 public:
  FlowType output() const override {
    FlowType type = FlowType::Tokens(kLength, kVocabulary);
    type.masked = true;
    return type;
  }
  void Apply(Sample& sample, Random&) const override {
    for (const int32_t at : {1, 3}) {
      sample.targets.push_back({at, sample.tokens[at]});
      sample.tokens[at] = kMask;
    }
    sample.type = output();
  }
};

class GatherLanguageTest : public testing::Test {
 protected:
  GatherLanguageTest() {
    parts_.config = std::make_unique<Pipeline>();
    parts_.dataset = std::make_unique<SortedText>();
    parts_.augmentations.push_back(std::make_unique<Blanks>());
    parts_.chains = {{parts_.augmentations[0].get()}};
    Transformer config;
    config.set_width(8);
    config.set_vocabulary(kVocabulary + 3);  // room for more
    auto encoder =
        TransformerEncoder::Create(config, {.input = FlowType::Tokens(kLength, kVocabulary)});
    parts_.encoder = *std::move(encoder);
    auto head = MaskedLanguageModelHead::Create(
        MaskedLanguageModel(),
        {.input = parts_.encoder->output(), .token_embedding = parts_.encoder->token_embedding()});
    parts_.head = *std::move(head);
    parts_.encoder->parameters().Allocate("encoder", 1);
    parts_.head->parameters().Allocate("head", 1);
  }
  ReportData Gather(const LanguageBaseline* counts) {
    ReportData data;
    const absl::Status status = GatherLanguage(parts_, counts, Work(), data);
    EXPECT_TRUE(status.ok()) << status;
    return data;
  }

  Assembled parts_;
};

TEST_F(GatherLanguageTest, TargetsAreFromAllOverTheSplit) {
  const auto counts = LanguageBaseline::Count(*parts_.dataset);
  ASSERT_TRUE(counts.ok()) << counts.status();
  const ReportData data = Gather(&*counts);
  ASSERT_EQ(data.frequency_size(), 2);
  const int64_t frequent = data.frequency(0).targets(), rare = data.frequency(1).targets();
  EXPECT_EQ(frequent + rare, 4000) << "two of each of 2,000 of 4,000 sequences";
  // Drawn without putting back: their number deviates by √(2000 · 1/4 · 1/2) sequences.
  EXPECT_LE(std::abs(frequent - 2000), 2 * 5 * std::sqrt(250));
  EXPECT_NEAR(data.frequency(1).unigram(), counts->UnigramLoss(kRare), 1e-9);
}

TEST_F(GatherLanguageTest, SequencesHaveTheirBlanksFilled) {
  const ReportData data = Gather(nullptr);
  EXPECT_EQ(data.frequency_size(), 0);
  ASSERT_EQ(data.filled_size(), 6);
  for (const ReportData::FilledSequence& sequence : data.filled()) {
    ASSERT_EQ(sequence.piece_size(), 4);
    for (int i = 0; i < 4; ++i) {
      const ReportData::Piece& piece = sequence.piece(i);
      EXPECT_EQ(piece.text(), sequence.piece(0).text()) << "what stood there";
      ASSERT_EQ(piece.guess_size(), i % 2 == 0 ? 3 : 0);
      float sum = 0;
      for (int g = 0; g < piece.guess_size(); ++g) {
        if (g > 0) {
          EXPECT_LE(piece.guess(g).probability(), piece.guess(g - 1).probability());
        }
        sum += piece.guess(g).probability();
      }
      EXPECT_LE(sum, 1 + 1e-6);
    }
  }
}

}  // namespace
}  // namespace pretext
