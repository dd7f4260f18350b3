#include "embedder/embedder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "embedder/pretext.h"
#include "pipelines/embed/testing.h"

namespace pretext {
namespace {

using testing::HasSubstr;

class EmbedderTest : public testing::Test {
 protected:
  EmbedderTest() {
    for (int i = 0; i < 40; i += 2) paths_.push_back(small_ / absl::StrCat("test/ant/", i, ".png"));
  }
  Embedder Open() {
    absl::StatusOr<Embedder> embedder = Embedder::Open(small_.path());
    EXPECT_TRUE(embedder.ok()) << embedder.status();
    return *std::move(embedder);
  }

  SmallEncoder small_;
  std::vector<std::string> paths_;
};

TEST_F(EmbedderTest, SaysWhatItIs) {
  const Embedder embedder = Open();
  EXPECT_EQ(embedder.kind(), Embedder::Kind::kPictures);
  EXPECT_EQ(embedder.width(), 32);
  EXPECT_EQ(embedder.sample_size(), 3 * 12 * 14);
  EXPECT_EQ(embedder.picture_shape(), (std::vector<int64_t>{3, 12, 14}));
  EXPECT_EQ(embedder.description(),
            "vectors of 32 of image 3×12×14; encoder pretext.ConvNet, run small, step 0");
}

// Values of pictures that were read by the dataset are those files'.
TEST_F(EmbedderTest, ValuesAndFilesAreTheSame) {
  const Embedder embedder = Open();
  const auto by_path = embedder.EmbedPictures({paths_[0]});
  ASSERT_TRUE(by_path.ok()) << by_path.status();
  const Assembled& parts = small_.parts();
  const auto& pictures = small_.file().pictures();
  // What the dataset gives of the test picture 0, ant/0.png, before its scaling.
  Sample sample;
  ASSERT_TRUE(parts.dataset->Read(Split::kTest, 0, sample).ok());
  std::vector<float> unit(sample.values.size());
  for (size_t i = 0; i < unit.size(); ++i) {
    const int c = static_cast<int>(i / (12 * 14));
    const double byte = (sample.values[i] - pictures.offset(c)) / pictures.factor(c) * 255;
    unit[i] = static_cast<float>(std::lround(byte)) / 255.0f;
  }
  const auto by_value = embedder.EmbedValues(unit.data(), 1);
  ASSERT_TRUE(by_value.ok()) << by_value.status();
  EXPECT_EQ(by_path->values, by_value->values);
}

// Every thread gets the bits that one alone gets. (Under ThreadSanitizer teams have one thread, and
// what it watches is this: files decoded side by side, and turns in the encoder.)
TEST_F(EmbedderTest, ThreadsGetTheSameBits) {
  const Embedder embedder = Open();
  constexpr size_t kThreads = 4;
  std::vector<std::vector<std::string>> shares(kThreads);
  for (size_t i = 0; i < paths_.size(); ++i) shares[i % kThreads].push_back(paths_[i]);
  std::vector<std::vector<float>> wanted(kThreads);
  for (size_t t = 0; t < kThreads; ++t) wanted[t] = embedder.EmbedPictures(shares[t])->values;
  std::vector<int> wrong(kThreads, 0);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 20; ++round) {
        const auto vectors = embedder.EmbedPictures(shares[t]);
        wrong[t] += !vectors.ok() || vectors->values != wanted[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(kThreads, 0));
}

TEST_F(EmbedderTest, ErrorsAreValues) {
  EXPECT_THAT(std::string(Embedder::Open(small_ / "test").status().message()),
              HasSubstr("is neither a run"));
  const Embedder embedder = Open();
  EXPECT_THAT(std::string(embedder.EmbedTexts({"a text"}).status().message()),
              HasSubstr("embeds no texts"));
  EXPECT_FALSE(embedder.EmbedValues(nullptr, -1).ok());
  EXPECT_EQ(embedder.EmbedValues(nullptr, 0)->count, 0);
  const std::vector<std::string> paths = {paths_[0], small_ / "absent.png", paths_[1]};
  EXPECT_THAT(std::string(embedder.EmbedPictures(paths).status().message()),
              HasSubstr("absent.png: cannot be read"));
  std::vector<absl::Status> faults;
  const auto vectors = embedder.EmbedPictures(paths, &faults);
  ASSERT_TRUE(vectors.ok()) << vectors.status();
  EXPECT_TRUE(faults[0].ok() && !faults[1].ok() && faults[2].ok());
  EXPECT_EQ(std::vector<float>(vectors->row(1), vectors->row(2)), std::vector<float>(32, 0));
  // In batches of one the convolutions may add in another order: 8 of a float's bits, generously.
  const auto alone = embedder.EmbedPictures({paths_[1]});
  for (int d = 0; d < 32; ++d) EXPECT_NEAR(vectors->row(2)[d], alone->row(0)[d], 1e-4);
}

TEST_F(EmbedderTest, TheCInterfaceGivesTheSame) {
  pretext_encoder* encoder = nullptr;
  ASSERT_EQ(pretext_open(small_.path().c_str(), &encoder), 0) << pretext_error();
  pretext_facts facts;
  ASSERT_EQ(pretext_describe(encoder, &facts), 0);
  EXPECT_EQ(facts.kind, PRETEXT_PICTURES);
  EXPECT_EQ(facts.width, 32);
  EXPECT_EQ(facts.sample_size, 3 * 12 * 14);
  EXPECT_EQ(facts.width_in_pixels, 14);
  const std::vector<float> wanted = Open().EmbedPictures({paths_[0], paths_[1]})->values;
  std::vector<float> vectors(64);
  const char* const paths[] = {paths_[0].c_str(), paths_[1].c_str()};
  ASSERT_EQ(pretext_embed(encoder, PRETEXT_PICTURES, paths, 2, vectors.data()), 0);
  EXPECT_EQ(vectors, wanted);

  EXPECT_NE(pretext_embed(encoder, PRETEXT_TEXTS, paths, 2, vectors.data()), 0);
  EXPECT_THAT(pretext_error(), HasSubstr("embeds no texts"));
  EXPECT_NE(pretext_embed(encoder, 7, paths, 2, vectors.data()), 0);
  EXPECT_NE(pretext_embed(encoder, PRETEXT_PICTURES, nullptr, 2, vectors.data()), 0);
  EXPECT_NE(pretext_embed(encoder, PRETEXT_PICTURES, paths, -1, vectors.data()), 0);
  const char* const hole[] = {paths_[0].c_str(), nullptr};
  EXPECT_NE(pretext_embed(encoder, PRETEXT_PICTURES, hole, 2, vectors.data()), 0);
  EXPECT_THAT(pretext_error(), HasSubstr("an input is NULL"));
  pretext_close(encoder);
  pretext_close(nullptr);
  encoder = nullptr;
  EXPECT_NE(pretext_open("nowhere", &encoder), 0);
  EXPECT_EQ(encoder, nullptr);
  EXPECT_THAT(pretext_error(), HasSubstr("nowhere: is neither a run"));
  EXPECT_NE(pretext_describe(nullptr, &facts), 0);
}

}  // namespace
}  // namespace pretext
