#include "augmentations/patch_masking/patch_masking.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "augmentations/patch_masking/patch_masking.pb.h"
#include "augmentations/testing/augmenting.h"

namespace pretext {
namespace {

const auto Build = BuildAugmentation<PatchMaskingAugmentation, PatchMasking>;
const auto Faults = FaultPaths<PatchMaskingAugmentation, PatchMasking>;
const FlowType kImage = FlowType::Image(3, 8, 12);

TEST(PatchMasking, SaysHowMany) {
  const FlowType type = Build("patch: 2 ratio: 0.7", kImage)->output();
  EXPECT_TRUE(type.masked);
  EXPECT_EQ(type.patch, 2);
  EXPECT_EQ(type.tokens, 24);
  EXPECT_EQ(type.kept, 7);  // round(16.8) are masked
  EXPECT_EQ(type.ToString(), "image 3×8×12, 17 of 24 patches masked");
  EXPECT_EQ(type.Whole(), kImage);
}

TEST(PatchMasking, KeepsTheValuesAndMasksExactlySoMany) {
  const auto masking = Build("patch: 2 ratio: 0.7", kImage);
  for (uint64_t draw = 0; draw < 200; ++draw) {
    const Sample sample = Augmented(*masking, kImage, draw);
    EXPECT_EQ(sample.values, TestSample(kImage).values);
    EXPECT_EQ(sample.type, masking->output());
    ASSERT_EQ(sample.masked_patches.size(), 17);
    for (size_t i = 0; i < 17; ++i) {
      EXPECT_TRUE(sample.masked_patches[i] >= 0 && sample.masked_patches[i] < 24);
      if (i > 0) {
        EXPECT_LT(sample.masked_patches[i - 1], sample.masked_patches[i]);
      }
    }
  }
}

TEST(PatchMasking, AllSetsAreAlike) {
  const auto masking = Build("patch: 4 ratio: 0.5", kImage);  // 3 of 6: 20 sets
  std::map<std::vector<int32_t>, double> seen;
  for (uint64_t draw = 0; draw < 20000; ++draw)
    ++seen[Augmented(*masking, kImage, draw).masked_patches];
  ASSERT_EQ(seen.size(), 20);
  std::vector<double> counts;
  for (const auto& [set, count] : seen) counts.push_back(count);
  EXPECT_GT(ChiSquare(counts, std::vector<double>(20, 1.0 / 20)), kSignificance);
}

TEST(PatchMasking, NothingIsMaskedInEvaluation) {
  Sample sample = TestSample(kImage);
  Build("", kImage)->ApplyInEvaluation(sample);
  EXPECT_TRUE(sample.masked_patches.empty());
  EXPECT_EQ(sample.type, kImage);
}

TEST(PatchMasking, NamesEveryFault) {
  EXPECT_EQ(Faults("", FlowType()), "");
  EXPECT_EQ(Faults("", kImage), "");
  EXPECT_EQ(Faults("", FlowType::Vector(8)), "(shape)");
  EXPECT_EQ(Faults("", Build("", kImage)->output()), "(shape)");  // masked already
  EXPECT_EQ(Faults("patch: 5", kImage), "patch");
  EXPECT_EQ(Faults("patch: 0 ratio: 1", kImage), "patch ratio");
  EXPECT_EQ(Faults("ratio: nan", FlowType()), "ratio");
  EXPECT_EQ(Faults("ratio: 0.05", kImage), "ratio");  // none of 6
  EXPECT_EQ(Faults("ratio: 0.95", kImage), "ratio");  // all of 6
}

}  // namespace
}  // namespace pretext
