#include "pipelines/listing/plugin_listing.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

TEST(PluginListingTest, Overview) {
  const auto text = ListPlugins();
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, R"(datasets
  FakeImages  Images that are not there.

tokenizers
  (none)

augmentations
  FakeAll    Applies other augmentations.
  FakeCrop   Makes images smaller (as Someone et al. 2020 do).
  FakeNoise  Adds noise.

encoders
  FakeEncoder  Layers.

heads
  FakeDecoder  Rebuilds the sample.

losses
  FakeLoss  Compares vectors of one size.

optimizers
  FakeOptimizer  Does not move.
)");
}

TEST(PluginListingTest, OnePluginWithItsFields) {
  const auto text = ListPlugins("FakeEncoder");
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(
      *text,
      R"(FakeEncoder  (encoder, [type.googleapis.com/pretext.testing.FakeEncoder], pipelines/testing)
  Layers.
    layer: { … }, repeated
        The layers, at least one.
        width: int64 = 8
            Its width.
        activation: RELU | GELU = RELU
            The function after it.
              RELU: max(0, x)
              GELU: x Φ(x)
    width: int64, repeated
        Widths of further layers.
    bound: double
        Uniform to both sides. (One of the initialization fields.)
    deviation: double
        Normal of this deviation. (One of the initialization fields.)
    groups: int32
        Without a default: absent means something else than 0.
)");
  EXPECT_EQ(*ListPlugins("pretext.testing.FakeEncoder"), *text);
  EXPECT_EQ(*ListPlugins("encoder"), *text);
  EXPECT_EQ(*ListPlugins("encoders"), *text);
}

TEST(PluginListingTest, MessagesInsideThemselvesAreDescribedOnce) {
  EXPECT_EQ(*ListPlugins("loss"),
            R"(FakeLoss  (loss, [type.googleapis.com/pretext.testing.FakeLoss], pipelines/testing)
  Compares vectors of one size.
    temperature: float = 0.5
        Above 0.
    deeper: { … }
        What it is compared with.
)");
  EXPECT_TRUE(absl::StrContains(*ListPlugins("augmentations"),
                                "    augmentation: { [type] { … } }, repeated\n"));
  EXPECT_TRUE(absl::StrContains(*ListPlugins("dataset"), "    path: string = \"images\"\n"));
  EXPECT_TRUE(absl::StrContains(*ListPlugins("head"), "    (no fields)\n"));
  EXPECT_EQ(*ListPlugins("tokenizer"), "No tokenizer is in this binary.\n");
}

TEST(PluginListingTest, UnknownNames) {
  EXPECT_EQ(ListPlugins("FakeEncodr").status().message(),
            "no kind and no plugin is called \"FakeEncodr\"; did you mean FakeEncoder? Kinds: "
            "dataset, tokenizer, augmentation, encoder, head, loss, optimizer");
  EXPECT_EQ(ListPlugins("xyz").status(),
            absl::InvalidArgumentError("no kind and no plugin is called \"xyz\". Kinds: dataset, "
                                       "tokenizer, augmentation, encoder, head, loss, optimizer"));
}

TEST(PluginListingTest, ThePipelineItself) {
  const std::string text = DescribePipelineFields();
  EXPECT_TRUE(absl::StrContains(text, "train: { … }\n    How long, and in what batches.\n"))
      << text;
  EXPECT_TRUE(absl::StrContains(text, "    decay: CONSTANT | LINEAR | COSINE = CONSTANT\n"));
  EXPECT_FALSE(absl::StrContains(text, ":\n\n")) << "every field is documented";
}

}  // namespace
}  // namespace pretext
