#include "pipelines/assembly/assembly.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/any.pb.h"
#include "gtest/gtest.h"
#include "kernels/onednn/has_bfloat16.h"
#include "pipelines/assembly/description.h"
#include "pipelines/assembly/memory_estimate.h"
#include "pipelines/assembly/sections.h"
#include "pipelines/testing/fake_plugins.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using testing::FakePipeline;
using testing::FakePipelineWith;

std::string FaultsIn(const std::string& text, const std::vector<std::string>& overrides = {},
                     const AssemblyOptions& options = {}) {
  return std::string(Assemble(LoadPipelineText("p", text, overrides), options).status().message());
}

// The faults of the fake pipeline with one text replaced.
std::string FaultsWith(const std::string& before, const std::string& after) {
  return FaultsIn(FakePipelineWith(before, after));
}

Assembled Built(const std::string& text) {
  absl::StatusOr<Assembled> parts = Assemble(LoadPipelineText("p", text));
  EXPECT_TRUE(parts.ok()) << parts.status();
  return *std::move(parts);
}

TEST(AssemblyTest, BuildsEveryPart) {
  const Assembled parts = Built(FakePipeline());
  EXPECT_EQ(parts.sample, FlowType::Image(1, 4, 4));
  EXPECT_EQ(parts.view, FlowType::Image(1, 4, 4));
  EXPECT_EQ(parts.views(), 2);
  ASSERT_EQ(parts.augmentations.size(), 1);
  EXPECT_EQ(parts.chains[0], parts.chains[1]);
  EXPECT_EQ(parts.chains[0][0], parts.augmentations[0].get());
  EXPECT_EQ(parts.encoder->output(), FlowType::Vector(8));
  EXPECT_EQ(parts.head->output(), FlowType::Image(1, 4, 4));
  EXPECT_NE(parts.loss, nullptr);
  EXPECT_NE(parts.optimizer, nullptr);
  EXPECT_FALSE(parts.encoder->parameters().parameters()[0].value.defined()) << "allocates nothing";
  EXPECT_TRUE(parts.config->train().has_seed()) << "defaults are written out";
}

TEST(AssemblyTest, ViewsHaveChainsOfTheirOwn) {
  const Assembled parts = Built(FakePipelineWith("count: 2", R"(
    view { augmentation { [type.googleapis.com/pretext.testing.FakeCrop] { side: 2 } } }
    view { augmentation { [type.googleapis.com/pretext.testing.FakeNoise] {} }
           augmentation { [type.googleapis.com/pretext.testing.FakeCrop] { side: 2 } } })"));
  ASSERT_EQ(parts.views(), 2);
  EXPECT_EQ(parts.chains[0].size(), 2);
  EXPECT_EQ(parts.chains[1].size(), 3);
  EXPECT_EQ(parts.chains[0][0], parts.chains[1][0]) << "the common one";
  EXPECT_NE(parts.chains[0][1], parts.chains[1][2]);
  EXPECT_EQ(parts.view, FlowType::Image(1, 2, 2));
  EXPECT_EQ(parts.config->views().count(), 2);
}

TEST(AssemblyTest, ViewsThatDoNotFit) {
  EXPECT_EQ(FaultsWith("count: 2", R"(count: 3
    view {} view {})"),
            "p:5:5: views.view: must be given once for each of the 3 views or not at all; it is "
            "given 2 times");
  EXPECT_EQ(FaultsWith("count: 2", R"(
    view {}
    view { augmentation { [type.googleapis.com/pretext.testing.FakeCrop] {} } })"),
            "p:6:5: views.view[1]: ends in image 1×2×2, but view[0] in image 1×4×4; all views must "
            "end alike");
  EXPECT_EQ(FaultsWith("count: 2", "count: 65"),
            "p:4:3: views.count: must be from 1 to 64; it is 65");
}

TEST(AssemblyTest, TheSummaryNamesBfloat16AndAProcessorWithoutIt) {
  const Assembled parts =
      *Assemble(LoadPipelineText("p", FakePipeline(), {"train { precision: BF16 }"}));
  const std::string summary = DescribePipeline(parts);
  EXPECT_TRUE(absl::StrContains(summary, "in bfloat16"));
  EXPECT_EQ(absl::StrContains(summary, "slower than FP32"), !HasBfloat16());
  EXPECT_FALSE(absl::StrContains(DescribePipeline(Built(FakePipeline())), "bfloat16"));
}

TEST(AssemblyTest, MissingParts) {
  EXPECT_EQ(
      FaultsIn("train { epochs: 1 }"),
      "p:1:1: name: must be given; it is empty\n"
      "p:1:1: dataset: is missing; write dataset { "
      "[type.googleapis.com/pretext.testing.FakeImages] "
      "{ … } }. Known: pretext.testing.FakeImages.\n"
      "p:1:1: encoder: is missing; write encoder { "
      "[type.googleapis.com/pretext.testing.FakeEncoder] "
      "{ … } }. Known: pretext.testing.FakeEncoder.\n"
      "p:1:1: head: is missing; write head { [type.googleapis.com/pretext.testing.FakeDecoder] "
      "{ … } }. Known: pretext.testing.FakeDecoder.\n"
      "p:1:1: loss: is missing; write loss { [type.googleapis.com/pretext.testing.FakeLoss] "
      "{ … } }. Known: pretext.testing.FakeLoss.\n"
      "p:1:1: optimizer: is missing; write optimizer { "
      "[type.googleapis.com/pretext.testing.FakeOptimizer] { … } }. Known: "
      "pretext.testing.FakeOptimizer.");
}

TEST(AssemblyTest, GathersFaultsOfTextPartsAndShapes) {
  const std::string text = R"(name: "no/slash"
dataset { [type.googleapis.com/pretext.testing.FakeImages] { side: 0 path: "missing" } }
views {
  augmentation { [type.googleapis.com/pretext.testing.FakeNoise] { deviation: -1 } }
  augmentation { [type.googleapis.com/pretext.testing.FakeCrop] { side: 1099511627776 } }
  augmentation { [type.googleapis.com/pretext.testing.FakeCrop] { side: 99999999 } }
}
encoder { [type.googleapis.com/pretext.testing.FakeEncoder] { width: 8 width: 0 widht: 3 } }
head { [type.googleapis.com/pretext.testing.FakeLoss] {} }
loss { [type.googleapis.com/pretext.testing.FakeLoss] { temperature: 0 } }
optimizer { [type.googleapis.com/pretext.testing.FakeOptimizer] { learning_rate: -1 } }
train { batch_size: 0 }
)";
  EXPECT_EQ(
      FaultsIn(text),
      "p:1:1: name: must be of letters, digits, '_', '-' and '.', and not begin with '.'; it is "
      "\"no/slash\"\n"
      "p:2:62: dataset.side: must be from 1 to 16777216; it is 0\n"
      "p:2:70: dataset.path: no such file: missing\n"
      "p:4:68: views.augmentation[0].deviation: must not be negative; it is -1\n"
      "p:5:73: views.augmentation[1].side: must be a whole number from -2147483648 to 2147483647; "
      "it is \"1099511627776\"\n"
      "p:6:67: views.augmentation[2].side: must be from 1 to 16777216; it is 99999999\n"
      "p:8:81: encoder: no field \"widht\" in pretext.testing.FakeEncoder; did you mean width? It "
      "has: layer, width, bound, deviation, groups.\n"
      "p:9:8: head: pretext.testing.FakeLoss is a loss, but a head is needed here. Heads in this "
      "binary: pretext.testing.FakeDecoder.\n"
      "p:10:57: loss.temperature: must be above 0; it is 0\n"
      "p:11:67: optimizer.learning_rate: must be above 0; it is -1\n"
      "p:12:1: train: needs epochs or steps, e.g. train { epochs: 10 }\n"
      "p:12:9: train.batch_size: must be from 1 to 16777216; it is 0");
}

TEST(AssemblyTest, ShapesThatDoNotFit) {
  EXPECT_EQ(FaultsWith("FakeNoise] { deviation: 0.2 }", "FakeCrop] { side: 2 }"), "")
      << "the decoder rebuilds the sample from any code";
  EXPECT_EQ(FaultsWith("FakeNoise] { deviation: 0.2 }", "FakeCrop] { side: 5 }"),
            "p:5:67: views.augmentation[0].side: must be at most the image's 4; it is 5");
  EXPECT_EQ(FaultsWith("FakeNoise] { deviation: 0.2 }", R"(FakeAll] {
    augmentation { [type.googleapis.com/pretext.testing.FakeNoise] {} }
    augmentation { [type.googleapis.com/pretext.testing.FakeCrop] { side: 5 } }
  })"),
            "p:7:69: views.augmentation[0].augmentation[1].side: must be at most the image's 4; it "
            "is 5");
}

TEST(AssemblyTest, FaultsInOverridesAreTheirs) {
  EXPECT_EQ(
      FaultsIn(FakePipeline(),
               {"train { seed: 2 }",
                "loss { [type.googleapis.com/pretext.testing.FakeLoss] { temperature: -1 } }"}),
      "--override #2:1:57: loss.temperature: must be above 0; it is -1");
  EXPECT_EQ(FaultsIn(FakePipeline(), {"train { steps: 0 }"}),
            "--override #1:1:9: train.steps: must be from 1 to 1099511627776; it is 0");
}

TEST(AssemblyTest, AFaultIsALine) {
  EXPECT_EQ(
      FaultsIn(FakePipelineWith("side: 4", "path: \"missing\""), {}, {.base_directory = "a\nb"}),
      "p:2:62: dataset.path: no such file: a b/missing");
}

TEST(AssemblyTest, SyntaxFaultsStopTheChecks) {
  EXPECT_EQ(FaultsWith("epochs: 2", "epochs 2"), "p:17:16: expected ':' or '{', found \"2\"");
  EXPECT_EQ(FaultsWith("epochs: 2 batch_size: 8 }", "epochs: 2 batch_size: 8"),
            "p:17:7: never closed: expected '}' before the end of the text");
}

TEST(AssemblyTest, FaultyFieldsAreNamedOnce) {
  EXPECT_EQ(
      FaultsWith("width: [16, 8]\n    layer { width: 4 activation: GELU }", "widths: 3"),
      "p:7:1: encoder.layer: needs at least one\n"
      "p:9:5: encoder: no field \"widths\" in pretext.testing.FakeEncoder; did you mean width? "
      "It has: layer, width, bound, deviation, groups.")
      << "a fault of another field stays";
  EXPECT_EQ(FaultsWith("temperature: 0.1", "temperature: x"),
            "p:14:70: loss.temperature: must be a finite number; it is \"x\"");
  EXPECT_EQ(FaultsWith("epochs: 2", "epochs: x"),
            "p:17:17: train.epochs: must be a whole number from -9223372036854775808 to "
            "9223372036854775807; it is \"x\"");
}

TEST(AssemblyTest, ChecksItsSections) {
  EXPECT_EQ(
      FaultsWith("warmup_epochs: 1", "warmup_epochs: 2.5 final_fraction: 1.5"),
      "p:16:26: schedule.warmup_epochs: must not be above the 2 epochs of the training; it is "
      "2.5\n"
      "p:16:45: schedule.final_fraction: must be from 0 to 1; it is 1.5");
  EXPECT_EQ(FaultsIn(FakePipeline(), {"train { steps: 5 } schedule { warmup_steps: 6 }"}),
            "--override #1:1:31: schedule.warmup_steps: must not be above the 5 steps of the "
            "training; it is 6");
  EXPECT_EQ(FaultsWith("batch_size: 8", R"(chunk: 513 accumulate: 0 clip_norm: -1
  checkpoint_every_steps: -1 log_every: 0 threads: -1 prefetch: 65)"),
            "p:17:19: train.chunk: must be from 0 to 512; it is 513\n"
            "p:17:30: train.accumulate: must be from 1 to 4096; it is 0\n"
            "p:17:44: train.clip_norm: must not be negative; it is -1\n"
            "p:18:3: train.checkpoint_every_steps: must not be negative; it is -1\n"
            "p:18:30: train.log_every: must be at least 1; it is 0\n"
            "p:18:43: train.threads: must be from 0 to 1024; it is -1\n"
            "p:18:55: train.prefetch: must be from 0 to 64; it is 65");
  EXPECT_EQ(FaultsWith("train {", R"(evaluate {
  every_epochs: -1 knn { k: 5 } knn { k: 0 temperature: -1 } probe { l2: -1 max_iterations: 0 }
  max_train_samples: -1 max_test_samples: -1 batch_size: 0
}
train {)"),
            "p:18:3: evaluate.every_epochs: must not be negative; it is -1\n"
            "p:18:39: evaluate.knn[1].k: must be from 1 to 16777216; it is 0\n"
            "p:18:44: evaluate.knn[1].temperature: must not be negative; it is -1\n"
            "p:18:70: evaluate.probe.l2: must not be negative; it is -1\n"
            "p:18:77: evaluate.probe.max_iterations: must be from 1 to 1048576; it is 0\n"
            "p:19:3: evaluate.max_train_samples: must not be negative; it is -1\n"
            "p:19:25: evaluate.max_test_samples: must not be negative; it is -1\n"
            "p:19:46: evaluate.batch_size: must be from 1 to 16777216; it is 0");
}

TEST(AssemblyTest, WhereARunGoesCanBeAFolder) {
  const std::string name(300, 'x');
  EXPECT_EQ(FaultsIn(FakePipeline(), {"name: '" + name + "'"}),
            "--override #1:1:1: name: becomes a folder: it may have 240 letters; it has 300");
  EXPECT_EQ(FaultsIn(FakePipeline(), {"output { directory: '/dev/null/a' }"}),
            "--override #1:1:10: output.directory: /dev/null: is no folder");
  EXPECT_EQ(FaultsIn(FakePipeline(), {"output { directory: 'a/" + name + "' }"}),
            absl::StrCat("--override #1:1:10: output.directory: a/", name,
                         ": a name in it has 300 bytes; no name may have more than 255"));
  EXPECT_EQ(FaultsIn(FakePipeline(), {"output { directory: 'not/there/yet' }"}), "");
}

TEST(AssemblyTest, RefusesWhatTheMachineCannotHold) {
  // 2^24 · 16 + 2^24 · 2^24 weights, twice 4 bytes each, on a machine that has 23 GB.
  const AssemblyOptions options = {.memory_bytes = 23'000'000'000};
  EXPECT_EQ(FaultsIn(FakePipelineWith("[16, 8]", "[16777216, 16777216]"), {}, options),
            "p:7:1: encoder: needs at least 2.3 PB for its parameters and their gradients; the "
            "machine has 23.0 GB");
  EXPECT_EQ(FaultsIn(FakePipelineWith("batch_size: 8", "batch_size: 16777216"), {},
                     {.memory_bytes = 1'000'000'000}),
            "p:17:19: train.batch_size: needs at least 9.7 GB with the parameters; take a smaller "
            "one, or chunk; the machine has 1.0 GB");
  EXPECT_EQ(
      FaultsIn(FakePipelineWith("side: 4", "side: 16777216"), {}, options),
      "p:2:1: dataset: gives image 1×16777216×16777216, more than the 2147483648 numbers that "
      "a sample may have");
}

TEST(AssemblyTest, Files) {
  EXPECT_TRUE(absl::StrContains(AssembleFile("no_such.textproto").status().message(),
                                "no_such.textproto: cannot be read: No such file or directory"));
}

TEST(DescriptionTest, ShowsEveryPart) {
  EXPECT_EQ(DescribePipeline(
                Built(FakePipelineWith("decay: COSINE", "decay: COSINE scaling: SQRT_OF_BATCH"))),
            R"(fake

part       plugin         input        output       parameters
dataset    FakeImages                  image 1×4×4
2 views    FakeNoise      image 1×4×4  image 1×4×4
encoder    FakeEncoder    image 1×4×4  vector 8            256
head       FakeDecoder    vector 8     image 1×4×4           0
loss       FakeLoss       image 1×4×4  a number
optimizer  FakeOptimizer

training       2 epochs, 8 samples an update, seed 1
learning rate  0.176777 (1 scaled for the batch), cosine to 0, warmup of 1 epoch
parameters     256
)");
}

TEST(MemoryTest, FormatsBytes) {
  EXPECT_EQ(FormatBytes(0), "0 bytes");
  EXPECT_EQ(FormatBytes(999), "999 bytes");
  EXPECT_EQ(FormatBytes(1000), "1.0 KB");
  EXPECT_EQ(FormatBytes(999'960), "1.0 MB");
  EXPECT_EQ(FormatBytes(23.44e9), "23.4 GB");
  EXPECT_EQ(FormatBytes(1e30), "1000000.0 YB");
}

TEST(MemoryTest, SizesOfTypes) {
  EXPECT_EQ(CheckedSize(FlowType()), 0);
  EXPECT_EQ(CheckedSize(FlowType::Image(3, 32, 32)), 3072);
  EXPECT_EQ(CheckedSize(FlowType::Image(1 << 24, 1 << 24, 1 << 24)), -1);
  EXPECT_GT(PhysicalMemory(), 1 << 20);
}

TEST(LearningRateScaleTest, FollowsTheBatch) {
  Pipeline pipeline;
  pipeline.mutable_train()->set_batch_size(512);
  pipeline.mutable_train()->set_accumulate(2);
  EXPECT_EQ(LearningRateScale(pipeline), 1);
  pipeline.mutable_schedule()->set_scaling(Pipeline::Schedule::LINEAR_IN_BATCH);
  EXPECT_EQ(LearningRateScale(pipeline), 4);
  pipeline.mutable_schedule()->set_scaling(Pipeline::Schedule::SQRT_OF_BATCH);
  EXPECT_EQ(LearningRateScale(pipeline), 2);
}

}  // namespace
}  // namespace pretext
