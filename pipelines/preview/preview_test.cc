#include "pipelines/preview/preview.h"

#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/match.h"
#include "augmentations/horizontal_flip/horizontal_flip.h"
#include "augmentations/normalize/normalize.h"
#include "augmentations/patch_masking/patch_masking.h"
#include "augmentations/patch_masking/patch_masking.pb.h"
#include "augmentations/random_resized_crop/random_resized_crop.h"
#include "base/image/image_io.h"
#include "base/random/random.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

// Twenty images of random pixels.
class Images : public Dataset {
 public:
  explicit Images(const FlowType& type) : type_(type) {}
  FlowType type() const override { return type_; }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split) const override { return 20; }
  absl::Status Read(Split, int64_t index, Sample& sample) const override {
    sample.index = index;
    sample.type = type_;
    sample.values.resize(static_cast<size_t>(type_.size()));
    Random random({.sample = static_cast<uint64_t>(index)});
    for (float& x : sample.values) x = random.Uniform();
    return absl::OkStatus();
  }
  std::string Summary() const override { return "20 images"; }

 private:
  const FlowType type_;
};

template <typename Class, typename Config>
void Add(Assembled& parts, const Config& config = {}) {
  auto built = Class::Create(config, BuildContext{.input = parts.view});
  ASSERT_TRUE(built.ok()) << built.status();
  parts.view = (*built)->output();
  parts.augmentations.push_back(*std::move(built));
  for (auto& chain : parts.chains) chain.push_back(parts.augmentations.back().get());
}

Assembled TwoViewsOf(const FlowType& type) {
  Assembled parts;
  parts.config = std::make_unique<Pipeline>();
  parts.config->mutable_train()->set_seed(7);
  parts.dataset = std::make_unique<Images>(type);
  parts.sample = parts.view = type;
  parts.chains.resize(2);
  return parts;
}

Picture ReadBack(const std::string& path) {
  std::string bytes;
  Picture picture;
  EXPECT_TRUE(ReadPicture(path, {}, bytes, picture).ok());
  return picture;
}

TEST(WritePreview, ASheetThatHasNoRoomIsAFault) {
  const Assembled parts = TwoViewsOf(FlowType::Image(3, 2000, 2000));
  const auto line = WritePreview(parts, {.samples = 100, .draws = 1'000'000}, "unwritten.png");
  EXPECT_TRUE(absl::IsInvalidArgument(line.status())) << line.status();
  EXPECT_TRUE(absl::StrContains(line.status().message(), "take fewer --samples or --draws"));
}

TEST(WritePreview, MaskedPatchesAreGrey) {
  Assembled parts = TwoViewsOf(FlowType::Image(3, 80, 80));
  PatchMasking masking;
  masking.set_patch(40);  // 3 of 4 patches
  Add<PatchMaskingAugmentation>(parts, masking);
  const std::string path = testing::TempDir() + "/masked.png";
  ASSERT_TRUE(WritePreview(parts, {.samples = 1, .draws = 1}, path).ok());
  const Picture sheet = ReadBack(path);
  int64_t grey = 0;
  for (const uint8_t byte : sheet.pixels) grey += byte == 127 || byte == 128 ? 1 : 0;
  // Of two views; random pixels are grey too, one in 128.
  EXPECT_NEAR(static_cast<double>(grey), 2 * 3 * 3 * 1600, 1000);
}

TEST(WritePreview, ShowsSamplesAndTheirViews) {
  Assembled parts = TwoViewsOf(FlowType::Image(3, 40, 40));
  HorizontalFlip flip;
  flip.set_probability(1);
  Add<HorizontalFlipAugmentation>(parts, flip);
  const std::string path = testing::TempDir() + "/views.png";
  const auto line = WritePreview(parts, {.samples = 4, .draws = 2}, path);
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(*line, path + ": 4 of 20 samples, each followed by 2 draws of its 2 views");

  const Picture sheet = ReadBack(path);
  // 40 pixels are enlarged to 80: a sample and two groups of two views, four rows.
  ASSERT_EQ(sheet.shape, (ImageShape{3, 4 + 4 * 84, 4 + 5 * 84 + 2 * 16}));
  Sample sample;
  for (int row = 0; row < 4; ++row) {
    ASSERT_TRUE(parts.dataset->Read(Split::kTrain, row * 5, sample).ok());
    for (int y = 0; y < 80; ++y) {
      const uint8_t* line = &sheet.pixels[(4 + row * 84 + y) * sheet.shape.width];
      for (int x = 0; x < 80; ++x) {
        const auto value =
            static_cast<uint8_t>(std::lround(sample.values[y / 2 * 40 + x / 2] * 255));
        ASSERT_EQ(line[4 + x], value) << "the sample";
        for (const int left : {104, 188, 288, 372}) {
          ASSERT_EQ(line[left + 79 - x], value) << "a flipped view";
        }
      }
    }
  }
}

TEST(WritePreview, DrawsWhatTrainingSees) {
  Assembled parts = TwoViewsOf(FlowType::Image(1, 80, 80));
  Add<RandomResizedCropAugmentation, RandomResizedCrop>(parts);
  const std::string path = testing::TempDir() + "/crops.png";
  ASSERT_TRUE(WritePreview(parts, {.samples = 1, .draws = 2}, path).ok());
  const Picture sheet = ReadBack(path);
  const int lefts[2][2] = {{104, 188}, {288, 372}};
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (int v = 0; v < 2; ++v) {
      Sample view;
      ASSERT_TRUE(parts.dataset->Read(Split::kTrain, 0, view).ok());
      Random random({.seed = 7,
                     .purpose = Purpose::kAugmentation,
                     .epoch = static_cast<uint32_t>(epoch),
                     .view = static_cast<uint32_t>(v) << 8});
      parts.augmentations[0]->Apply(view, random);
      for (int y = 0; y < 80; ++y) {
        for (int x = 0; x < 80; ++x) {
          ASSERT_EQ(sheet.pixels[(4 + y) * sheet.shape.width + lefts[epoch][v] + x],
                    std::lround(view.values[y * 80 + x] * 255));
        }
      }
    }
  }
}

TEST(WritePreview, ScalesNormalisedViews) {
  Assembled parts = TwoViewsOf(FlowType::Image(1, 80, 80));
  Add<NormalizeAugmentation, Normalize>(parts);
  const std::string path = testing::TempDir() + "/normalised.png";
  const auto line = WritePreview(parts, {.samples = 20, .draws = 1}, path);
  ASSERT_TRUE(line.ok());
  EXPECT_TRUE(absl::StrContains(*line, "; views are shown from -0.99")) << *line;
  // From [0, 1] to [-1, 1] and back: what was drawn is what is shown, within rounding.
  const Picture sheet = ReadBack(path);
  for (int y = 0; y < 80; ++y) {
    for (int x = 0; x < 80; ++x) {
      const uint8_t* row = &sheet.pixels[(4 + y) * sheet.shape.width];
      ASSERT_NEAR(row[4 + x], row[104 + x], 1);
    }
  }
}

TEST(WritePreview, RefusesWhatIsNoImage) {
  const auto line = WritePreview(TwoViewsOf(FlowType::Vector(9)), {}, "unwritten.png");
  EXPECT_EQ(line.status().message(),
            "preview shows images of 1 or 3 channels; this pipeline has vector 9");
  const auto unwritable = WritePreview(TwoViewsOf(FlowType::Image(1, 4, 4)), {}, "no/such/a.png");
  EXPECT_TRUE(absl::StartsWith(unwritable.status().message(), "no/such/a.png: cannot be written"));
}

}  // namespace
}  // namespace pretext
