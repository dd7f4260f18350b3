#include "augmentations/token_masking/token_masking.h"

#include "augmentations/testing/augmenting.h"
#include "tokenizers/testing/fake_tokenizer.h"

namespace pretext {
namespace {

// Its vocabulary comes in late, as one that is learnt.
class LateTokenizer : public FakeTokenizer {
 public:
  LateTokenizer() : FakeTokenizer(10) {}
  bool is_special(int32_t id) const override {
    EXPECT_TRUE(learnt);
    return FakeTokenizer::is_special(id);
  }
  bool learnt = false;
};

const auto Faults = FaultPaths<TokenMaskingAugmentation, TokenMasking>;

TEST(TokenMasking, MasksWhatIsBeforeThePadding) {
  LateTokenizer tokenizer;
  const FlowType type = FlowType::Tokens(8, 10);
  const auto built = TokenMaskingAugmentation::Create(
      ParseConfig<TokenMasking>("rate: 1 mask_probability: 1 random_probability: 0"),
      BuildContext{.input = type, .tokenizer = &tokenizer});
  ASSERT_TRUE(built.ok()) << built.status();
  FlowType masked = type;
  masked.masked = true;
  EXPECT_EQ((*built)->output(), masked);
  tokenizer.learnt = true;
  Sample sample;
  sample.tokens = {2, 7, 1, 8, 3, 9, 9, 9};
  sample.length = 5;
  Random random = TestRandom(0);
  for (int again = 0; again < 2; ++again) {
    sample.tokens[1] = 7;
    sample.tokens[3] = 8;
    (*built)->Apply(sample, random);
    EXPECT_EQ(sample.tokens, (std::vector<int32_t>{2, 4, 1, 4, 3, 9, 9, 9}));
    ASSERT_EQ(sample.targets.size(), 2);
    EXPECT_EQ(sample.targets[0].position, 1);
    EXPECT_EQ(sample.targets[0].id, 7);
    EXPECT_EQ(sample.targets[1].position, 3);
    EXPECT_EQ(sample.targets[1].id, 8);
  }
}

TEST(TokenMasking, NamesEveryFault) {
  EXPECT_EQ(Faults("", FlowType()), "");
  EXPECT_EQ(Faults("", FlowType::Vector(3)), "(shape)");
  EXPECT_EQ(Faults("", FlowType::Tokens(8, 10)), "(shape)");  // no tokenizer
  LateTokenizer tokenizer;
  FlowType masked = FlowType::Tokens(8, 10);
  masked.masked = true;
  EXPECT_FALSE(
      TokenMaskingAugmentation::Create(TokenMasking(), {.input = masked, .tokenizer = &tokenizer})
          .ok());
  EXPECT_EQ(Faults("rate: 0", FlowType()), "rate");
  EXPECT_EQ(Faults("rate: nan span_stop: 1 max_span_words: 0", FlowType()),
            "max_span_words rate span_stop");
  EXPECT_EQ(Faults("mask_probability: -1 random_probability: 1.5", FlowType()),
            "mask_probability random_probability");
  EXPECT_EQ(Faults("mask_probability: 0.9 random_probability: 0.2", FlowType()),
            "random_probability");
  EXPECT_EQ(Faults("mask_probability: 0.9 random_probability: 0.1", FlowType()), "");
  EXPECT_EQ(Faults("span_stop: 0.5 max_span_words: 3", FlowType()), "max_span_words span_stop");
  EXPECT_EQ(Faults("span_stop: 0.2 max_span_words: 10", FlowType()), "") << "as if not given";
  EXPECT_EQ(Faults("unit: SPAN span_stop: 0.5 max_span_words: 3", FlowType()), "");
}

}  // namespace
}  // namespace pretext
