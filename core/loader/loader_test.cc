#include "core/loader/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <new>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/flow/picture_source.h"

namespace pretext {
namespace {

// Sample i is the vector (i, 2i); reading index `broken` fails.
class Numbers : public Dataset {
 public:
  explicit Numbers(int64_t size, int64_t broken = -1) : size_(size), broken_(broken) {}
  FlowType type() const override { return FlowType::Vector(2); }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split) const override { return size_; }
  absl::Status Read(Split, int64_t index, Sample& sample) const override {
    if (index == broken_) return absl::DataLossError("sample 5 is broken");
    const auto value = static_cast<float>(index);
    sample.index = index;
    sample.label = static_cast<int32_t>(index % 3);
    sample.type = type();
    sample.values = {value, 2 * value};
    return absl::OkStatus();
  }
  std::string Summary() const override { return "numbers"; }

 private:
  int64_t size_, broken_;
};

// Adds noise of its own stream, and doubles the width.
class Noise : public Augmentation {
 public:
  FlowType output() const override { return FlowType::Vector(4); }
  void Apply(Sample& sample, Random& random) const override {
    sample.values.resize(4);
    for (float& v : sample.values) v += random.Uniform();
    sample.type = output();
  }
};

std::vector<float> Values(const Tensor& t) { return {t.data(), t.data() + t.size()}; }

TEST(Loader, CoversEverySampleOnceAnEpochWithARaggedEnd) {
  const Numbers numbers(10);
  Loader loader(numbers, {.batch_size = 4, .shuffle = true, .seed = 1});
  EXPECT_EQ(loader.batches_per_epoch(), 3);
  std::vector<std::vector<int64_t>> orders;
  for (int epoch = 0; epoch < 2; ++epoch) {
    std::vector<int64_t> order;
    for (int64_t size : {4, 4, 2}) {
      Batch batch;
      ASSERT_TRUE(loader.Next(batch).ok());
      EXPECT_EQ(batch.samples, size);
      for (int64_t n = 0; n < size; ++n) {
        const int64_t index = batch.indices[static_cast<size_t>(n)];
        EXPECT_EQ(batch.input.data()[2 * n + 1], static_cast<float>(2 * index));
        EXPECT_EQ(batch.labels.ints()[n], index % 3);
        order.push_back(index);
      }
    }
    orders.push_back(order);
    std::sort(order.begin(), order.end());
    EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  }
  EXPECT_NE(orders[0], orders[1]);
}

TEST(Loader, DropLastAndLimit) {
  const Numbers numbers(10);
  EXPECT_EQ(Loader(numbers, {.batch_size = 4, .drop_last = true}).batches_per_epoch(), 2);
  EXPECT_EQ(Loader(numbers, {.batch_size = 4, .limit = 5}).batches_per_epoch(), 2);
}

TEST(Loader, ALimitedSplitIsDrawnAtRandomAndOnce) {
  const Numbers numbers(1000);
  const auto drawn = [&](int64_t batch_size) {
    Loader loader(numbers, {.batch_size = batch_size, .limit = 100});
    std::vector<int64_t> all;
    for (int64_t b = 0; b < loader.batches_per_epoch(); ++b) {
      Batch batch;
      EXPECT_TRUE(loader.Next(batch).ok());
      all.insert(all.end(), batch.indices.begin(), batch.indices.end());
    }
    return all;
  };
  const std::vector<int64_t> indices = drawn(100);
  EXPECT_EQ(drawn(7), indices);
  EXPECT_EQ(indices.size(), 100u);
  EXPECT_EQ(std::set<int64_t>(indices.begin(), indices.end()).size(), 100u);
  // A half of those drawn lies in the first half: 50 ± 5 is a deviation of the hypergeometric.
  const auto low = std::count_if(indices.begin(), indices.end(), [](int64_t i) { return i < 500; });
  EXPECT_TRUE(low >= 30 && low <= 70) << low;
}

// 10 of class 1, the last ones, and 990 of class 0.
class Sorted : public Numbers {
 public:
  Sorted() : Numbers(1000) {}
  bool labelled() const override { return true; }
  std::optional<SampleSum> Sum(Split, int64_t index) const override {
    return SampleSum{.label = index < 990 ? 0 : 1};
  }
};

TEST(Loader, ALimitedSplitHasEveryClassInProportion) {
  const Sorted sorted;
  for (const int64_t limit : {2, 100, 500}) {
    Loader loader(sorted, {.batch_size = limit, .limit = limit});
    Batch batch;
    ASSERT_TRUE(loader.Next(batch).ok());
    const auto rare = std::count_if(batch.indices.begin(), batch.indices.end(),
                                    [](int64_t i) { return i >= 990; });
    EXPECT_EQ(rare, std::max<int64_t>(1, limit / 100)) << limit;
  }
}

TEST(Loader, ViewsAreViewMajorAndCleanIsClean) {
  const Numbers numbers(6);
  const Noise noise;
  Loader loader(numbers,
                {.batch_size = 3, .seed = 5, .views = {{&noise}, {&noise}}, .clean = true});
  Batch batch;
  ASSERT_TRUE(loader.Next(batch).ok());
  EXPECT_EQ(batch.input.shape(), (Shape{6, 4}));
  EXPECT_EQ(batch.clean.shape(), (Shape{3, 2}));
  for (int64_t n = 0; n < 3; ++n) {
    EXPECT_EQ(batch.clean.data()[2 * n], static_cast<float>(n));
    for (int64_t v = 0; v < 2; ++v) {
      const float first = batch.input.data()[(v * 3 + n) * 4];
      EXPECT_TRUE(first >= static_cast<float>(n) && first < static_cast<float>(n + 1));
    }
  }
  EXPECT_NE(batch.input.data()[0], batch.input.data()[3 * 4]);
}

TEST(Loader, WithoutAugmentationsCleanSharesTheInput) {
  const Numbers numbers(4);
  Loader loader(numbers, {.batch_size = 4, .clean = true});
  Batch batch;
  ASSERT_TRUE(loader.Next(batch).ok());
  EXPECT_EQ(batch.clean.data(), batch.input.data());
}

TEST(Loader, SeekReachesTheSameBatchWhateverCameBefore) {
  const Numbers numbers(20);
  const Noise noise;
  const LoaderOptions options{.batch_size = 3, .shuffle = true, .seed = 9, .views = {{&noise}}};
  Loader straight(numbers, options), jumping(numbers, options);
  std::vector<std::vector<float>> all;
  for (int i = 0; i < 21; ++i) {
    Batch batch;
    ASSERT_TRUE(straight.Next(batch).ok());
    all.push_back(Values(batch.input));
  }
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  for (int64_t at : {17, 3, 8, 0}) {
    jumping.Seek(at / 7, at % 7);
    for (int64_t i = at; i < at + 3; ++i) {
      Batch batch;
      ASSERT_TRUE(jumping.Next(batch).ok());
      EXPECT_EQ(Values(batch.input), all[static_cast<size_t>(i)]) << i;
    }
  }
  omp_set_num_threads(threads);
}

TEST(Loader, AReadErrorComesWithItsBatch) {
  const Numbers numbers(9, 5);
  Loader loader(numbers, {.batch_size = 3});
  Batch batch;
  EXPECT_TRUE(loader.Next(batch).ok());
  EXPECT_EQ(loader.Next(batch).message(), "sample 5 is broken");
  EXPECT_TRUE(loader.Next(batch).ok());
}

// Samples of which each has a source: its values are its index, or after a crop the box's width.
class Sourced : public Dataset {
 public:
  // From which sample on pictures are damaged, and from which on there is no memory for them.
  struct Faults {
    int64_t damaged = 100, large = 100;
  };

  class Source : public PictureSource {
   public:
    Source(int64_t index, const Faults& faults) : index_(index), faults_(faults) {}
    int height() const override { return 40; }
    int width() const override { return 50; }

   private:
    std::string name() const override { return absl::StrCat("sample ", index_); }
    absl::Status MakeCrop(const CropBox& box, int, int, Interpolation,
                          std::vector<float>& values) override {
      if (index_ >= faults_.large) throw std::bad_alloc();
      values.assign(4, static_cast<float>(box.width));
      return index_ < faults_.damaged ? absl::OkStatus() : absl::DataLossError(name());
    }
    absl::Status MakeWhole(std::vector<float>& values) override {
      if (index_ >= faults_.large) throw std::bad_alloc();
      values.assign(4, static_cast<float>(index_));
      return absl::OkStatus();
    }
    const int64_t index_;
    const Faults faults_;
  };

  Sourced() = default;
  explicit Sourced(const Faults& faults) : faults_(faults) {}
  FlowType type() const override { return FlowType::Image(1, 2, 2); }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split) const override { return 12; }
  absl::Status Read(Split split, int64_t index, Sample& sample) const override {
    const absl::Status status = Fetch(split, index, sample);
    return status.ok() ? MakeValues(sample) : status;
  }
  absl::Status Fetch(Split, int64_t index, Sample& sample) const override {
    sample.index = index;
    sample.type = type();
    sample.values.clear();
    sample.source = std::make_shared<Source>(index, faults_);
    return absl::OkStatus();
  }
  std::string Summary() const override { return ""; }

 private:
  const Faults faults_;
};

// Takes the box of width 7 of the picture as it is, or leaves the values.
class Crop : public Augmentation {
 public:
  FlowType output() const override { return FlowType::Image(1, 2, 2); }
  bool takes_source() const override { return true; }
  void Apply(Sample& sample, Random&) const override {
    if (sample.source != nullptr)
      sample.source->Crop({.height = 1, .width = 7}, 2, 2, Interpolation::kBilinear, sample.values);
  }
};

class Nothing : public Augmentation {
 public:
  FlowType output() const override { return FlowType::Image(1, 2, 2); }
  void Apply(Sample&, Random&) const override {}
};

TEST(Loader, TheFirstOfAChainTakesItsPartFromTheSourceAndAllElseFromTheWhole) {
  const Sourced dataset;
  const Crop crop;
  const Nothing nothing;
  Loader loader(dataset, {.batch_size = 12,
                          .views = {{&crop}, {&crop, &nothing}, {&nothing, &crop}, {}},
                          .clean = true});
  Batch batch;
  ASSERT_TRUE(loader.Next(batch).ok());
  for (int64_t n = 0; n < 12; ++n) {
    const auto index = static_cast<float>(n);
    const float expected[] = {7, 7, index, index};
    for (int64_t v = 0; v < 4; ++v) EXPECT_EQ(batch.input.data()[(v * 12 + n) * 4], expected[v]);
    EXPECT_EQ(batch.clean.data()[n * 4], index);
  }
  Loader evaluation(dataset, {.batch_size = 12, .views = {{&crop}}, .evaluation = true});
  ASSERT_TRUE(evaluation.Next(batch).ok());
  EXPECT_EQ(batch.input.data()[5 * 4], 5);
}

class AddOne : public Augmentation {
 public:
  FlowType output() const override { return FlowType::Image(1, 2, 2); }
  void Apply(Sample& sample, Random&) const override {
    for (float& value : sample.values) value += 1;
  }
};

TEST(Loader, ASecondCropIsOfWhatTheFirstOneTook) {
  const Sourced dataset;
  const Crop crop;
  const AddOne add_one;
  Loader loader(dataset, {.batch_size = 12, .views = {{&crop, &add_one, &crop}}});
  Batch batch;
  ASSERT_TRUE(loader.Next(batch).ok());
  for (const float value : Values(batch.input)) EXPECT_EQ(value, 8) << "7 once more: the source's";
}

TEST(Loader, TheFirstSampleThatCannotBeMadeIsTheError) {
  const Sourced dataset({.damaged = 5});
  const Crop crop;
  Loader loader(dataset, {.batch_size = 12, .views = {{&crop}}});
  Batch batch;
  EXPECT_EQ(loader.Next(batch).message(), "sample 5");
}

// The views are made in a team of threads, out of which nothing may be thrown.
TEST(Loader, APictureThatThereIsNoMemoryForIsAnErrorThatNamesIt) {
  const Sourced dataset({.large = 5});
  const Crop crop;
  const Nothing nothing;
  for (const std::vector<const Augmentation*>& chain :
       {std::vector<const Augmentation*>{&crop, &nothing}, {&nothing}, {}}) {
    Loader loader(dataset, {.batch_size = 12, .views = {chain}, .clean = true});
    Batch batch;
    const absl::Status status = loader.Next(batch);
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_EQ(status.message(), "sample 5: there is no memory for it");
  }
  Sample sample;
  EXPECT_TRUE(absl::IsResourceExhausted(dataset.Read(Split::kTrain, 7, sample)));
}

// Tokens: lengths, and the masked positions in row order.
class Tokens : public Dataset {
 public:
  FlowType type() const override { return FlowType::Tokens(4, 100); }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split) const override { return 2; }
  absl::Status Read(Split, int64_t index, Sample& sample) const override {
    sample.index = index;
    sample.type = type();
    const auto i = static_cast<int32_t>(index);
    sample.tokens = {10 + i, 20 + i, 30 + i, 0};
    sample.length = 3;
    sample.targets = {{.position = i, .id = 7 + i}};
    return absl::OkStatus();
  }
  std::string Summary() const override { return "tokens"; }
};

TEST(Loader, PacksTokens) {
  const Tokens tokens;
  Loader loader(tokens, {.batch_size = 2});
  Batch batch;
  ASSERT_TRUE(loader.Next(batch).ok());
  const auto ints = [](const Tensor& t) {
    return std::vector<int32_t>(t.ints(), t.ints() + t.size());
  };
  EXPECT_THAT(ints(batch.input), testing::ElementsAre(10, 20, 30, 0, 11, 21, 31, 0));
  EXPECT_THAT(ints(batch.lengths), testing::ElementsAre(3, 3));
  EXPECT_THAT(ints(batch.masked_positions), testing::ElementsAre(0, 5));
  EXPECT_THAT(ints(batch.masked_ids), testing::ElementsAre(7, 8));
  EXPECT_FALSE(batch.segments.defined());
}

class Pictures : public Dataset {
 public:
  FlowType type() const override { return FlowType::Image(1, 4, 4); }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split) const override { return 2; }
  absl::Status Read(Split, int64_t index, Sample& sample) const override {
    sample.index = index;
    sample.type = type();
    sample.values.assign(16, static_cast<float>(index));
    sample.masked_patches.clear();
    return absl::OkStatus();
  }
  std::string Summary() const override { return "pictures"; }
};

// Masks patch i and the last of sample i, of 4.
class Masks : public Augmentation {
 public:
  FlowType output() const override { return FlowType::Image(1, 4, 4).WithMaskedPatches(2, 2); }
  void Apply(Sample& sample, Random&) const override {
    sample.masked_patches = {static_cast<int32_t>(sample.index), 3};
    sample.type = output();
  }
};

TEST(Loader, PacksMaskedPatchesAndNoneInEvaluation) {
  const Pictures pictures;
  const Masks masks;
  const std::vector<const Augmentation*> chain = {&masks};
  Batch batch;
  Loader loader(pictures, {.batch_size = 2, .views = {chain, chain}});
  ASSERT_TRUE(loader.Next(batch).ok());
  EXPECT_EQ(batch.type, masks.output());
  const Tensor& at = batch.masked_positions;
  EXPECT_THAT(std::vector<int32_t>(at.ints(), at.ints() + at.size()),
              testing::ElementsAre(0, 3, 5, 7, 8, 11, 13, 15));
  EXPECT_FALSE(batch.masked_ids.defined());
  Batch whole;
  Loader evaluation(pictures, {.batch_size = 2, .views = {chain}, .evaluation = true});
  ASSERT_TRUE(evaluation.Next(whole).ok());
  EXPECT_EQ(whole.type, pictures.type());
  EXPECT_FALSE(whole.masked_positions.defined());
}

}  // namespace
}  // namespace pretext
