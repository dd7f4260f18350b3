#include "augmentations/chain/chain.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "augmentations/testing/augmenting.h"

namespace {

std::atomic<int64_t> allocations{0};

}  // namespace

// Every allocation of this program is counted.
void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(size_t size, std::align_val_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  const auto a = static_cast<size_t>(alignment);
  if (void* memory = std::aligned_alloc(a, (size + a - 1) / a * a)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

namespace pretext {
namespace {

google::protobuf::RepeatedPtrField<google::protobuf::Any> Configs(
    const std::vector<std::string>& texts) {
  google::protobuf::RepeatedPtrField<google::protobuf::Any> configs;
  for (const std::string& text : texts) {
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "[type.googleapis.com/pretext." + text, configs.Add()))
        << text;
  }
  return configs;
}

// All that SimCLR, and a denoising autoencoder, do to an image.
const std::vector<std::string> kParts = {
    "RandomResizedCrop] { interpolation: BICUBIC }",
    "HorizontalFlip] {}",
    "ColorJitter] {}",
    "RandomGrayscale] {}",
    "GaussianBlur] {}",
    "Solarize] {}",
    "RandomAffine] { translate_x: 0.1 min_scale: 0.9 max_scale: 1.1 }",
    "RandomErasing] {}",
    "GaussianNoise] {}",
    "SaltAndPepper] {}",
    "MaskingNoise] {}",
    "Normalize] {}"};

TEST(AugmentationChain, AllocatesNothingOnceSizesHaveBeenSeen) {
  FieldChecker check;
  const FlowType type = FlowType::Image(3, 32, 32);
  const AugmentationChain chain(Configs(kParts), "augmentation", {.input = type}, check);
  ASSERT_TRUE(check.ok()) << check.status();
  const Sample original = TestSample(type);
  Sample sample;
  const auto run = [&](uint64_t draws) {
    const int64_t before = allocations.load();
    for (uint64_t draw = 0; draw < draws; ++draw) {
      sample = original;
      Random random = TestRandom(draw);
      chain.Apply(sample, random);
    }
    return allocations.load() - before;
  };
  EXPECT_GT(run(2000), 0) << "the counting works";
  EXPECT_EQ(run(2000), 0);
}

TEST(AugmentationChain, EachTakesWhatTheOneBeforeGives) {
  FieldChecker check;
  const AugmentationChain chain(
      Configs({"RandomResizedCrop] { height: 12 width: 20 }", "GaussianBlur] { kernel_size: 23 }"}),
      "augmentation", {.input = FlowType::Image(1, 40, 40)}, check);
  EXPECT_TRUE(check.ok());
  EXPECT_EQ(chain.output(), FlowType::Image(1, 12, 20));
  const AugmentationChain faulty(
      Configs({"RandomResizedCrop] { height: 11 }", "GaussianBlur] { kernel_size: 23 }",
               "Solarize] { threshold: 7 }"}),
      "augmentation", {.input = FlowType::Image(1, 40, 40)}, check);
  ASSERT_EQ(check.faults().size(), 2);
  EXPECT_EQ(check.faults()[0].path, "augmentation[1].kernel_size");
  EXPECT_EQ(check.faults()[1].path, "augmentation[2].threshold") << "checked all the same";
}

}  // namespace
}  // namespace pretext
