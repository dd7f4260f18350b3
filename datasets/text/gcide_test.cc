// The dictionary that the shipped pipelines train on, read as they read it.
#include <cmath>
#include <filesystem>

#include "datasets/text/text.h"
#include "datasets/text/text.pb.h"
#include "evaluation/language/language_baseline.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "tokenizers/word_piece/word_piece.pb.h"

namespace pretext {
namespace {

constexpr char kConfig[] = R"pb(
  files: "third_party/gcide.dict.dz"
  document: UNINDENTED
  cleanup {
    remove { open: "\\" close: "\\" }
    remove { open: "[1913 Webster" close: "]" }
    remove { open: "[Webster 1913" close: "]" }
    remove { open: "[WordNet" close: "]" }
    remove { open: "[PJC" close: "]" }
    replace { from: "{" }
    replace { from: "}" }
  }
  tokenizer {
    [type.googleapis.com/pretext.WordPiece] { learn { size: 8192 } }
  }
)pb";

TEST(GcideTest, AllOfIt) {
  Text config;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(kConfig, &config));
  const std::string cache = testing::TempDir() + "/cache";
  std::filesystem::remove_all(cache);
  config.set_cache_directory(cache);
  auto dataset = TextDataset::Create(config, {});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const absl::Status loaded = (*dataset)->Load();
  ASSERT_TRUE(loaded.ok()) << loaded;
  std::cout << (*dataset)->Summary() << "\n";

  // Bounds that any edition of the dictionary keeps.
  EXPECT_GT((*dataset)->size(Split::kTrain), 40000);
  EXPECT_NEAR(static_cast<double>((*dataset)->size(Split::kTest)) / (*dataset)->size(Split::kTrain),
              0.05 / 0.95, 0.01);
  EXPECT_NEAR((*dataset)->characters_per_token(Split::kTest), 3.2, 0.3);
  const Tokenizer& tokenizer = *(*dataset)->tokenizer();
  EXPECT_FALSE(tokenizer.is_special(8191));  // the vocabulary is full
  std::vector<int32_t> ids;
  tokenizer.Encode("A glass of water", ids);
  EXPECT_EQ(ids.size(), 4);

  int64_t unknown = 0, tokens = 0;
  Sample sample;
  for (int64_t i = 0; i < (*dataset)->size(Split::kTest); ++i) {
    ASSERT_TRUE((*dataset)->Read(Split::kTest, i, sample).ok());
    unknown += std::count(sample.tokens.begin(), sample.tokens.end(), tokenizer.special().unknown);
    tokens += sample.length;
  }
  EXPECT_LT(unknown, tokens / 10000);

  // What a masked language model has to beat here.
  const auto baseline = LanguageBaseline::Count(**dataset);
  ASSERT_TRUE(baseline.ok());
  double unigram = 0, bigram = 0, n = 0;
  for (int64_t i = 0; i < (*dataset)->size(Split::kTest); ++i) {
    ASSERT_TRUE((*dataset)->Read(Split::kTest, i, sample).ok());
    for (int32_t at = 1; at < sample.length; ++at) {
      if (tokenizer.is_special(sample.tokens[at])) continue;
      unigram += baseline->UnigramLoss(sample.tokens[at]);
      bigram += baseline->BigramLoss(sample.tokens[at - 1], sample.tokens[at]);
      ++n;
    }
  }
  std::cout << "unigram " << unigram / n << " nats, bigram " << bigram / n << " nats\n";
  EXPECT_NEAR(unigram / n, 6.34, 0.2);
  EXPECT_LT(bigram / n, unigram / n - 1);
}

}  // namespace
}  // namespace pretext
