#include "pipelines/report_data/gather.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "augmentations/horizontal_flip/horizontal_flip.h"
#include "base/file/file_writer.h"
#include "base/file/read_file.h"
#include "base/file/testing.h"
#include "base/image/image_io.h"
#include "base/random/random.h"
#include "core/layers/linear.h"
#include "core/ops/record_loss.h"
#include "evaluation/features/encode.h"
#include "pipelines/preview/sample_tiles.h"
#include "pipelines/report_data/report_data_file.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

constexpr int64_t kSide = 6, kSize = kSide * kSide, kFeatures = 5;

// Pictures of four classes with noise; training and test samples are not the same.
class Pictures : public Dataset {
 public:
  FlowType type() const override { return FlowType::Image(1, kSide, kSide); }
  bool labelled() const override { return true; }
  int64_t classes() const override { return 4; }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split split) const override { return split == Split::kTrain ? 90 : 50; }
  absl::Status Read(Split split, int64_t index, Sample& sample) const override {
    sample.index = index;
    sample.type = type();
    sample.label = static_cast<int32_t>(index % 4);
    Random random(
        {.seed = split == Split::kTrain ? 1u : 2u, .sample = static_cast<uint64_t>(index)});
    sample.values.resize(kSize);
    for (int64_t i = 0; i < kSize; ++i)
      sample.values[i] = 0.5f * random.Uniform() + (i % 4 == sample.label ? 0.5f : 0.0f);
    return absl::OkStatus();
  }
  std::string Summary() const override { return "pictures"; }
};

class Projection : public Encoder {
 public:
  explicit Projection(int64_t features = kFeatures)
      : features_(features),
        layer_(LinearLayer::Declare(parameters(), "linear", kSize, features)) {}
  FlowType output() const override { return FlowType::Vector(features_); }
  Var Forward(Tape& tape, Var, const Batch& batch, const ForwardContext&) override {
    const Tensor flat = batch.input.Reshaped({batch.rows(), kSize});
    return layer_(tape, tape.Constant(flat));
  }

 private:
  const int64_t features_;
  LinearLayer layer_;
};

class Decoder : public Head {
 public:
  explicit Decoder(int64_t features = kFeatures)
      : layer_(LinearLayer::Declare(parameters(), "linear", features, kSize)) {}
  FlowType output() const override { return FlowType::Vector(kSize); }
  Prediction Forward(Tape& tape, Var h, const Batch&, const ForwardContext&) override {
    return {.value = layer_(tape, h)};
  }

 private:
  LinearLayer layer_;
};

class Distance : public Loss {
 public:
  LossResult Compute(Tape& tape, const Prediction& z, const Batch&) override {
    return {.loss =
                RecordLoss(tape, "distance", 1, z.value, Tensor::Zeros(z.value.value().shape()))};
  }
  bool needs_clean() const override { return true; }
};

class GatherTest : public testing::Test {
 protected:
  GatherTest() {
    parts_.config = std::make_unique<Pipeline>();
    parts_.config->mutable_train()->set_seed(3);
    parts_.dataset = std::make_unique<Pictures>();
    parts_.sample = parts_.view = parts_.dataset->type();
    parts_.chains = {{}};
    parts_.encoder = std::make_unique<Projection>();
    parts_.head = std::make_unique<Decoder>();
    parts_.loss = std::make_unique<Distance>();
    parts_.encoder->parameters().Allocate("encoder", 1);
    parts_.head->parameters().Allocate("head", 1);
  }
  ReportData Gather(int64_t samples = 40) {
    auto gathered =
        GatherReportData(parts_, {.samples = samples, .searched = 60, .tensorboard = true});
    EXPECT_TRUE(gathered.ok()) << gathered.status();
    h_ = gathered->h;
    pictures_ = gathered->pictures;
    return gathered->data;
  }
  Sample Read(Split split, int64_t index) {
    Sample sample;
    EXPECT_TRUE(parts_.dataset->Read(split, index, sample).ok());
    return sample;
  }
  // x W + b in double precision, from the parameters.
  static std::vector<double> Linear(const ParameterSet& set, const std::vector<double>& x) {
    const Parameter *weight = nullptr, *bias = nullptr;
    for (const Parameter& p : set.parameters()) (p.value.rank() == 2 ? weight : bias) = &p;
    const Tensor w = weight->value.Plain();
    std::vector<double> y(bias->value.data(), bias->value.data() + bias->value.size());
    for (size_t o = 0; o < y.size(); ++o) {
      for (size_t i = 0; i < x.size(); ++i) y[o] += x[i] * w.data()[o * x.size() + i];
    }
    return y;
  }
  std::vector<double> H(const Sample& sample) {
    return Linear(parts_.encoder->parameters(), {sample.values.begin(), sample.values.end()});
  }

  Assembled parts_;
  Features h_;
  std::vector<TensorBoardWriter::Picture> pictures_;
};

TEST_F(GatherTest, TheMapIsOfTheSamplesOfTheSplit) {
  const ReportData data = Gather();
  EXPECT_EQ(data.split(), "test");
  const ReportData::Map& map = data.map();
  ASSERT_EQ(map.index_size(), 40);
  std::vector<int64_t> sorted(map.index().begin(), map.index().end());
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(std::unique(sorted.begin(), sorted.end()), sorted.end()) << "each once";
  ASSERT_EQ(h_.count, 40);
  for (int n = 0; n < 40; ++n) {
    EXPECT_EQ(map.label(n), map.index(n) % 4);
    const std::vector<double> h = H(Read(Split::kTest, map.index(n)));
    // Sums of 36 products near 1 in single precision.
    for (int64_t d = 0; d < kFeatures; ++d)
      EXPECT_TRUE(std::abs(h_.values[n * kFeatures + d] - h[d]) <= 2e-6) << n;
  }
  EXPECT_EQ(map.tsne_x_size(), 40);
  EXPECT_EQ(map.sheet_columns(), 7);
  EXPECT_EQ(map.cell_width(), kSide);
}

// Distances on the map of as many components as there are would be those of h: here the first two
// hold what `explained` says of them, and the spectrum adds up to the variance.
TEST_F(GatherTest, TheSpectrumIsTheVariance) {
  const ReportData data = Gather();
  double variance = 0;
  for (int64_t d = 0; d < kFeatures; ++d) {
    double mean = 0;
    for (int64_t n = 0; n < 40; ++n) mean += h_.values[n * kFeatures + d] / 40.0;
    for (int64_t n = 0; n < 40; ++n)
      variance += std::pow(h_.values[n * kFeatures + d] - mean, 2) / 39;
  }
  double spectrum = 0;
  for (const double value : data.spectrum()) spectrum += value;
  ASSERT_EQ(data.spectrum_size(), kFeatures);
  EXPECT_TRUE(std::abs(spectrum - variance) <= 1e-5 * variance) << spectrum << " " << variance;
  double on_map = 0;
  for (int n = 0; n < 40; ++n)
    on_map += (std::pow(data.map().pca_x(n), 2) + std::pow(data.map().pca_y(n), 2)) / 39;
  const double share = data.map().explained(0) + data.map().explained(1);
  EXPECT_TRUE(std::abs(on_map - share * variance) <= 1e-4 * variance);
}

// As an encoder whose code is its last image has them: wider than a covariance matrix is decomposed
// for.
TEST_F(GatherTest, WideFeaturesHaveTheirMap) {
  constexpr int64_t kWide = 6272;
  parts_.head = std::make_unique<Decoder>(kWide);
  parts_.head->parameters().Allocate("head", 1);
  parts_.encoder = std::make_unique<Projection>(kWide);
  parts_.encoder->parameters().Allocate("encoder", 1);
  const ReportData data = Gather();
  EXPECT_EQ(data.features(), kWide);
  ASSERT_EQ(data.map().pca_x_size(), 40);
  EXPECT_EQ(data.map().tsne_x_size(), 40);
  // 40 samples lie in 39 directions about their mean; a linear encoder keeps to the 36 of the
  // pixels.
  ASSERT_EQ(data.spectrum_size(), 40);
  double variance = 0, spectrum = 0;
  const ColumnStatistics columns = ComputeColumnStatistics(h_);
  for (const double deviation : columns.deviation) variance += deviation * deviation;
  for (const double value : data.spectrum()) spectrum += value;
  EXPECT_TRUE(std::abs(spectrum - variance) <= 1e-5 * variance) << spectrum << " " << variance;
  for (int k = kSize; k < 40; ++k) EXPECT_TRUE(data.spectrum(k) <= 1e-6 * variance) << k;
  EXPECT_EQ(data.neighbors_size(), 8);
  EXPECT_EQ(data.reconstruction_size(), 12);
}

TEST_F(GatherTest, NeighboursAreTheNearestByCosine) {
  const ReportData data = Gather();
  EXPECT_EQ(data.searched(), 60);
  ASSERT_EQ(data.neighbors_size(), 8);
  for (const ReportData::Neighbors& row : data.neighbors()) {
    const std::vector<double> query = H(Read(Split::kTest, row.sample().index()));
    const auto cosine = [&](int64_t index) {
      const std::vector<double> other = H(Read(Split::kTrain, index));
      double product = 0, a = 0, b = 0;
      for (int64_t d = 0; d < kFeatures; ++d) {
        product += query[d] * other[d];
        a += query[d] * query[d];
        b += other[d] * other[d];
      }
      return product / std::sqrt(a * b);
    };
    ASSERT_EQ(row.near_size(), 6);
    for (int i = 0; i < 6; ++i) {
      EXPECT_TRUE(std::abs(row.cosine(i) - cosine(row.near(i).index())) <= 1e-5);
      if (i > 0) {
        EXPECT_LE(row.cosine(i), row.cosine(i - 1));
      }
    }
    // Of all 90 no more than 30, those that were not searched, and the five before may be nearer
    // than the last one shown.
    int nearer = 0;
    for (int64_t index = 0; index < 90; ++index) nearer += cosine(index) > row.cosine(5) + 1e-5;
    EXPECT_LE(nearer, 35);
  }
}

TEST_F(GatherTest, ReconstructionsAreTheBestAndTheWorst) {
  const ReportData data = Gather(50);
  ASSERT_EQ(data.reconstruction_size(), 12);
  std::vector<double> errors;
  for (int64_t index = 0; index < 50; ++index) {
    const Sample sample = Read(Split::kTest, index);
    const std::vector<double> back = Linear(parts_.head->parameters(), H(sample));
    double error = 0;
    for (int64_t i = 0; i < kSize; ++i) error += std::pow(back[i] - sample.values[i], 2) / kSize;
    errors.push_back(error);
  }
  std::sort(errors.begin(), errors.end());
  for (int i = 0; i < 12; ++i) {
    const double want = errors[i < 6 ? i : 50 - 12 + i];
    EXPECT_TRUE(std::abs(data.reconstruction(i).error() - want) <= 1e-5 * want) << i;
  }
  // The picture that is kept is the sample's.
  Picture picture;
  const ReportData::Thumbnail& shown = data.reconstruction(0).sample();
  ASSERT_TRUE(DecodePicture(shown.png(), {}, picture).ok());
  const Sample sample = Read(Split::kTest, shown.index());
  ASSERT_EQ(picture.shape, (ImageShape{1, kSide, kSide}));
  for (int64_t i = 0; i < kSize; ++i)
    EXPECT_TRUE(std::abs(picture.pixels[i] - 255 * sample.values[i]) <= 0.51) << i;
  ASSERT_EQ(pictures_.size(), 1u);
  EXPECT_EQ(pictures_[0].tag, "reconstructions");
  EXPECT_EQ(pictures_[0].width, 4 * kSide);
}

TEST_F(GatherTest, ViewsAreThoseOfTraining) {
  HorizontalFlip flip;
  flip.set_probability(1);
  auto built = HorizontalFlipAugmentation::Create(flip, BuildContext{.input = parts_.view});
  ASSERT_TRUE(built.ok());
  parts_.augmentations.push_back(*std::move(built));
  parts_.chains = {{parts_.augmentations[0].get()}};
  const ReportData data = Gather();
  ASSERT_EQ(data.views_size(), 6);
  Picture sample, view;
  ASSERT_TRUE(DecodePicture(data.views(1).sample().png(), {}, sample).ok());
  ASSERT_TRUE(DecodePicture(data.views(1).view(0).png(), {}, view).ok());
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x)
      EXPECT_EQ(view.pixels[y * kSide + x], sample.pixels[y * kSide + kSide - 1 - x]);
  }
}

TEST_F(GatherTest, TheSameEveryTimeAndNothingOfNone) {
  EXPECT_EQ(Gather().SerializeAsString(), Gather().SerializeAsString());
  const ReportData none = Gather(0);
  EXPECT_FALSE(none.has_map());
  EXPECT_EQ(none.reconstruction_size() + none.neighbors_size(), 0);
  EXPECT_EQ(none.features(), kFeatures);
}

TEST_F(GatherTest, WhatTensorBoardAloneShowsIsMadeWhereItIsWishedFor) {
  const ReportData data = Gather();
  EXPECT_EQ(h_.count, 40);
  EXPECT_FALSE(pictures_.empty());
  const auto without = GatherReportData(parts_, {.samples = 40, .searched = 60});
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_EQ(without->h.count, 0);
  EXPECT_TRUE(without->pictures.empty());
  EXPECT_EQ(without->data.SerializeAsString(), data.SerializeAsString());
}

TEST_F(GatherTest, AnEncoderThatDivergedHasNoMap) {
  for (Parameter& p : parts_.encoder->parameters().parameters())
    p.value.data()[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(Gather().map().pca_x_size(), 0);
}

TEST_F(GatherTest, StopsWhenItIsTold) {
  const GatherOptions options{.work = Work([](absl::string_view, double) { return false; })};
  EXPECT_EQ(GatherReportData(parts_, options).status().code(), absl::StatusCode::kCancelled);
}

TEST(Thumbnail, LargePicturesAreMadeSmallByMeans) {
  std::vector<float> values(8 * 8);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 8 / 4);
  const Tile small = ToTile(FlowType::Image(1, 8, 8), values, 2);
  ASSERT_EQ(small.pixels.size(), 4u);
  EXPECT_THAT(small.pixels, testing::ElementsAre(0, 1, 0, 1));
}

TEST(ReportDataFile, ReadsBackOrSaysWhatIsWrong) {
  const TestFolder folder;
  EXPECT_EQ(ReadReportData(folder.path()).status().code(), absl::StatusCode::kNotFound);
  ReportData data;
  data.set_step(7);
  ASSERT_TRUE(WriteReportData(folder.path(), data).ok());
  EXPECT_EQ(ReadReportData(folder.path())->step(), 7);
  const std::string path = ReportDataPath(folder.path()), bytes = *ReadFile(path, 1000);
  const auto code_with = [&](const std::string& other) {
    EXPECT_TRUE(WriteFileAtomically(path, other).ok());
    return ReadReportData(folder.path()).status().code();
  };
  EXPECT_EQ(code_with(bytes), absl::StatusCode::kOk);
  EXPECT_EQ(code_with(""), absl::StatusCode::kDataLoss);
  EXPECT_EQ(code_with(bytes.substr(0, 2)), absl::StatusCode::kDataLoss) << "the step alone";
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string other = bytes;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(code_with(other), absl::StatusCode::kDataLoss) << bit;
  }
}

}  // namespace
}  // namespace pretext
