// Fields that are right one by one and cannot be meant together: each is a fault at its place,
// found before anything is trained, and what differs from it by a hair is none.
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/assembly/data_checks.h"
#include "pipelines/assembly/description.h"
#include "pipelines/text/load_pipeline.h"

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr int kTrain = 21, kTest = 9, kSide = 8;

void WriteIdx(const std::string& folder, const std::string& name, int count) {
  std::string images{0, 0, 8, 3, 0, 0, 0, static_cast<char>(count), 0, 0, 0, kSide, 0, 0, 0, kSide};
  std::string labels{0, 0, 8, 1, 0, 0, 0, static_cast<char>(count)};
  for (int i = 0; i < count * kSide * kSide; ++i) images += static_cast<char>(i * 37 % 251);
  for (int i = 0; i < count; ++i) labels += static_cast<char>(i % 3);
  std::ofstream(absl::StrCat(folder, "/", name, "-images")) << images;
  std::ofstream(absl::StrCat(folder, "/", name, "-labels")) << labels;
}

class CombinationsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::getenv("TEST_TMPDIR");
    WriteIdx(folder_, "train", kTrain);
    WriteIdx(folder_, "test", kTest);
  }

  std::string Text(const std::string& rest) const {
    return absl::StrCat(
        "name: 'c' dataset { [type.googleapis.com/pretext.IdxImages] { images: 'train-images' "
        "labels: 'train-labels' test_images: 'test-images' test_labels: 'test-labels' } } ",
        rest);
  }
  std::string Contrastive() const {
    return Text(
        "views { count: 2 augmentation { [type.googleapis.com/pretext.RandomResizedCrop] {} } } "
        "encoder { [type.googleapis.com/pretext.ConvNet] { channels: 4 code: 0 average_pool: true "
        "} } head { [type.googleapis.com/pretext.ProjectionMlp] { output: 4 hidden_norm: false } } "
        "loss { [type.googleapis.com/pretext.NtXent] {} } "
        "optimizer { [type.googleapis.com/pretext.Adam] {} } train { epochs: 2 batch_size: 8 }");
  }
  std::string Autoencoder() const {
    return Text(
        "encoder { [type.googleapis.com/pretext.Mlp] { code: 4 } } "
        "head { [type.googleapis.com/pretext.MlpDecoder] {} } "
        "loss { [type.googleapis.com/pretext.MeanSquaredError] {} } "
        "optimizer { [type.googleapis.com/pretext.Adam] {} } train { epochs: 2 batch_size: 8 }");
  }

  absl::StatusOr<Assembled> Assembled_(const std::string& text, const std::string& change) const {
    return Assemble(LoadPipelineText("p", text, {change}), {.base_directory = folder_});
  }

  // The paths of the faults, of assembly or, past it, of the loaded data: "train.batch_size
  // train.chunk"; "" for none.
  std::string Faults(const std::string& text, const std::string& change) const {
    absl::StatusOr<Assembled> parts = Assembled_(text, change);
    absl::Status status = parts.status();
    if (parts.ok()) status = parts->dataset->Load();
    std::vector<std::string> warnings;
    if (status.ok()) status = CheckAgainstData(*parts, &warnings);
    std::vector<std::string> paths;
    if (status.ok()) return "";
    for (const absl::string_view line : absl::StrSplit(status.message(), '\n')) {
      const std::vector<std::string> fields = absl::StrSplit(line, absl::MaxSplits(": ", 2));
      EXPECT_EQ(fields.size(), 3) << line;
      paths.push_back(fields.size() == 3 ? fields[1] : std::string(line));
    }
    return absl::StrJoin(paths, " ");
  }

  std::vector<std::string> Warnings(const std::string& text, const std::string& change) const {
    const absl::StatusOr<Assembled> parts = Assembled_(text, change);
    EXPECT_TRUE(parts.ok() && parts->dataset->Load().ok()) << parts.status();
    std::vector<std::string> found;
    EXPECT_TRUE(CheckAgainstData(*parts, &found).ok());
    return found;
  }

  std::string Description(const std::string& text, const std::string& change) const {
    const absl::StatusOr<Assembled> parts = Assembled_(text, change);
    return parts.ok() ? DescribePipeline(*parts) : std::string(parts.status().message());
  }

  std::string folder_;
};

std::string Augmentation(const std::string& config) {
  return absl::StrCat("augmentation { [type.googleapis.com/pretext.", config, " } ");
}
std::string Part(const std::string& kind, const std::string& config) {
  return absl::StrCat(kind, " { [type.googleapis.com/pretext.", config, " } ");
}

TEST_F(CombinationsTest, WhatWorksOnZeroToOneComesBeforeNormalize) {
  const std::string normalize = Augmentation("Normalize] {}");
  for (const std::string picky : {"ColorJitter] {}", "Solarize] {}", "GaussianNoise] {}",
                                  "RandomResizedCrop] { interpolation: BICUBIC }"}) {
    const std::string augmentation = Augmentation(picky);
    EXPECT_EQ(Faults(Contrastive(), absl::StrCat("views { ", augmentation, normalize, "}")), "")
        << picky;
    EXPECT_TRUE(absl::StartsWith(
        Faults(Contrastive(), absl::StrCat("views { ", normalize, augmentation, "}")),
        "views.augmentation[1]"))
        << picky;
    const std::string wrapped =
        Augmentation(absl::StrCat("RandomApply] { ", normalize, augmentation, "}"));
    EXPECT_TRUE(absl::StartsWith(Faults(Contrastive(), absl::StrCat("views { ", wrapped, "}")),
                                 "views.augmentation[0].augmentation[1]"))
        << picky;
    // A view's own chain goes on from the common one.
    EXPECT_TRUE(absl::StartsWith(
        Faults(Contrastive(),
               absl::StrCat("views { ", normalize, "view { ", augmentation, "} view {} }")),
        "views.view[0].augmentation[0]"))
        << picky;
  }
  EXPECT_EQ(
      Faults(Contrastive(), absl::StrCat("views { ", normalize, Augmentation("GaussianBlur] {}"),
                                         Augmentation("HorizontalFlip] {}"), "}")),
      "");
}

TEST_F(CombinationsTest, MaskedPatchesTakePartsThatKnowOfThem) {
  const auto views = [](const std::string& chain) {
    return absl::StrCat("views { count: 1 ", chain, "} ");
  };
  const auto vit = [](const std::string& fields) {
    return Part("encoder",
                absl::StrCat("VisionTransformer] { layers: 1 width: 8 heads: 2 ", fields, " }"));
  };
  const std::string masking = Augmentation("PatchMasking] {}"),
                    flip = Augmentation("HorizontalFlip] {}"),
                    decoder = Part("head", "MaeDecoder] { layers: 1 width: 8 heads: 2 }"),
                    rest = decoder + Part("loss", "MaskedPatchError] {}");
  const std::string sequence = vit("pooled: false");
  EXPECT_EQ(Faults(Autoencoder(), views(flip + masking) + sequence + rest), "");
  EXPECT_EQ(Faults(Autoencoder(), views(flip + masking) + sequence + rest + "train { chunk: 3 }"),
            "");
  EXPECT_EQ(Faults(Autoencoder(), views(masking + flip) + sequence + rest),
            "views.augmentation[1]");
  EXPECT_EQ(Faults(Autoencoder(), views(masking) + vit("") + rest), "head");
  EXPECT_EQ(Faults(Autoencoder(), views(masking) + vit("pooled: false patch: 2") + rest),
            "encoder.patch");
  EXPECT_EQ(Faults(Autoencoder(), views(flip) + sequence + rest), "head");
  for (const char* encoder : {"Mlp] {}", "ConvNet] { channels: 4 }", "ResNet] { width: 2 }"}) {
    EXPECT_EQ(Faults(Autoencoder(), views(masking) + Part("encoder", encoder)), "encoder")
        << encoder;
    EXPECT_TRUE(
        absl::StrContains(Description(Autoencoder(), views(masking) + Part("encoder", encoder)),
                          "3 of 4 patches masked, and knows of no masks"));
  }
  // What is masked may be left out of a view of a contrastive run too.
  const std::string pooled = absl::StrCat("views { count: 2 ", masking, "} ", vit(""));
  EXPECT_EQ(Faults(Contrastive(), pooled), "");
  EXPECT_EQ(Faults(Contrastive(), pooled + "train { blocks: 2 }"), "") << "the loss sees vectors";
}

TEST_F(CombinationsTest, ScaledDatasetsAreOutsideZeroToOne) {
  const std::string scaled = Part(
      "dataset", absl::StrCat("IdxImages] { images: 'train-images' ", "scaling { low: -1 } }"));
  const std::string jitter = absl::StrCat("views { ", Augmentation("ColorJitter] {}"), "}");
  EXPECT_EQ(Faults(Contrastive(), scaled), "");
  EXPECT_EQ(Faults(Contrastive(), scaled + jitter), "views.augmentation[0]");
  EXPECT_EQ(Faults(Autoencoder(), scaled), "");
  const auto decoder = [](const std::string& activation) {
    return Part("head", absl::StrCat("MlpDecoder] { output_activation: ", activation, " }"));
  };
  EXPECT_EQ(Faults(Autoencoder(), scaled + decoder("TANH")), "");
  EXPECT_EQ(Faults(Autoencoder(), scaled + decoder("SIGMOID")), "loss");
  EXPECT_EQ(Faults(Autoencoder(), decoder("SIGMOID")), "");
}

TEST_F(CombinationsTest, CrossEntropyTakesLogitsAndTargetsFromZeroToOne) {
  const std::string loss = Part("loss", "BinaryCrossEntropy] {}");
  EXPECT_EQ(Faults(Autoencoder(), loss), "");
  EXPECT_EQ(
      Faults(Autoencoder(), loss + Part("head", "MlpDecoder] { output_activation: SIGMOID }")),
      "loss");
  EXPECT_EQ(Faults(Autoencoder(), loss + Part("dataset",
                                              "IdxImages] { images: 'train-images' "
                                              "scaling { standardize: true } }")),
            "loss");
  EXPECT_EQ(Faults(Autoencoder(), loss +
                                      Part("encoder",
                                           "Mlp] { code: 64 code_activation: SIGMOID "
                                           "}") +
                                      Part("head", "IdentityHead] {}")),
            "loss");
}

TEST_F(CombinationsTest, LossesThatTellSamplesApartNeedTwo) {
  for (const char* loss :
       {"NtXent", "Dcl", "SupCon", "BarlowTwins", "VicReg", "SigReg", "VisReg"}) {
    const std::string part = Part("loss", absl::StrCat(loss, "] {}"));
    EXPECT_EQ(Faults(Contrastive(), part + "train { batch_size: 1 }"), "train.batch_size") << loss;
    EXPECT_EQ(Faults(Contrastive(), part + "train { batch_size: 2 }"), "") << loss;
    // 21 samples in batches of 4 leave one.
    EXPECT_EQ(Faults(Contrastive(), part + "train { batch_size: 4 drop_last: false }"),
              "train.drop_last")
        << loss;
    EXPECT_EQ(Faults(Contrastive(), part + "train { batch_size: 4 }"), "") << loss;
    EXPECT_EQ(Faults(Contrastive(), part + "train { batch_size: 6 drop_last: false }"), "") << loss;
  }
  EXPECT_EQ(Faults(Autoencoder(), "train { batch_size: 1 }"), "");
}

TEST_F(CombinationsTest, BatchNormalisationNeedsMoreThanOneValue) {
  const std::string norm = Part("head", "ProjectionMlp] { hidden_norm: true }");
  EXPECT_EQ(Faults(Contrastive(), "train { chunk: 1 }"), "") << "no normalisation, no matter";
  EXPECT_EQ(Faults(Contrastive(), norm + "train { chunk: 1 }"), "train.chunk");
  EXPECT_EQ(Faults(Contrastive(), norm + "train { chunk: 5 }"), "train.chunk") << "16 rows: 1 left";
  EXPECT_EQ(Faults(Contrastive(), norm + "train { chunk: 4 }"), "");
  EXPECT_EQ(Faults(Contrastive(), norm + "train { chunk: 16 }"), "") << "one chunk";
  EXPECT_EQ(Faults(Contrastive(), norm + "train { chunk: 4 batch_norm: PER_VIEW }"), "train.chunk");
  EXPECT_EQ(Faults(Contrastive(), "train { chunk: 4 batch_norm: PER_VIEW }"), "");
  // 16 values of a feature in each row of the 4×4 images.
  const std::string images =
      Part("encoder", "ConvNet] { channels: 4 code: 0 average_pool: true batch_norm: true }");
  EXPECT_EQ(Faults(Contrastive(), images + "train { chunk: 1 }"), "");
  const std::string one_pixel = Part("encoder",
                                     "ConvNet] { channels: [4, 4, 4] code: 0 average_pool: true "
                                     "batch_norm: true }");
  EXPECT_EQ(Faults(Contrastive(), one_pixel + "train { chunk: 1 }"), "train.chunk");
  EXPECT_EQ(Faults(Contrastive(), Part("encoder", "ResNet] { width: 2 }") + "train { chunk: 1 }"),
            "train.chunk");

  const std::string rows = Part("encoder", "Mlp] { hidden: 6 code: 4 normalization: BATCH }");
  EXPECT_EQ(Faults(Autoencoder(), rows + "train { batch_size: 1 }"), "train.batch_size");
  EXPECT_EQ(Faults(Autoencoder(), rows + "train { batch_size: 1 } views { count: 2 }"), "");
  EXPECT_EQ(Faults(Autoencoder(),
                   rows + "train { batch_size: 1 batch_norm: PER_VIEW } views { count: 2 }"),
            "train.batch_size");
  EXPECT_EQ(Faults(Autoencoder(), rows + "train { batch_size: 5 drop_last: false }"),
            "train.drop_last");
}

TEST_F(CombinationsTest, StatisticsOfAChunkAreSaid) {
  const std::string norm = Part("head", "ProjectionMlp] { hidden_norm: true }");
  EXPECT_TRUE(absl::StrContains(Description(Contrastive(), norm + "train { chunk: 4 }"),
                                "each chunk of 4 rows, not of the batch's 16"));
  EXPECT_FALSE(absl::StrContains(Description(Contrastive(), norm), "statistics"));
  EXPECT_FALSE(absl::StrContains(Description(Contrastive(), "train { chunk: 4 }"), "statistics"));
  EXPECT_TRUE(absl::StrContains(Description(Contrastive(), norm + "train { batch_norm: PER_VIEW }"),
                                "each view's 8 rows"));
}

TEST_F(CombinationsTest, OnlyBlocksAreComputedAgain) {
  const std::string again = "train { gradient_checkpointing: true }";
  EXPECT_EQ(Faults(Contrastive(), again), "train.gradient_checkpointing");
  EXPECT_EQ(Faults(Autoencoder(), again), "train.gradient_checkpointing");
  const std::string blocks = Part("encoder", "ResNet] { depth: 18 width: 4 }") + again;
  EXPECT_EQ(Faults(Contrastive(), blocks), "");
  EXPECT_TRUE(absl::StrContains(Description(Contrastive(), blocks), "computed again"));
}

TEST_F(CombinationsTest, TheWarmupEndsWithinTheRun) {
  // 21 samples in batches of 8: two batches an epoch, four steps.
  const std::string text = Autoencoder();
  EXPECT_EQ(Faults(text, "schedule { warmup_steps: 4 }"), "");
  EXPECT_EQ(Faults(text, "schedule { warmup_steps: 5 }"), "schedule.warmup_steps");
  EXPECT_EQ(Faults(text, "train { steps: 1 } schedule { warmup_epochs: 1 }"),
            "schedule.warmup_epochs");
  EXPECT_EQ(Faults(text, "train { steps: 2 } schedule { warmup_epochs: 1 }"), "");
  EXPECT_EQ(Faults(text, "train { steps: 2 } schedule { warmup_epochs: 1e300 }"),
            "schedule.warmup_epochs");
  EXPECT_EQ(Faults(text, "train { accumulate: 2 } schedule { warmup_steps: 3 }"),
            "schedule.warmup_steps");
  EXPECT_EQ(Faults(text, "train { batch_size: 22 } schedule { warmup_steps: 30 }"),
            "train.batch_size")
      << "without a batch there are no steps to compare with";
}

TEST_F(CombinationsTest, SomethingIsTrained) {
  const std::string head = "freeze_for { name: 'head' epochs: 2 } ";
  const std::string encoder = "freeze_for { name: 'encoder' steps: ";
  EXPECT_EQ(Faults(Autoencoder(), encoder + "3 } " + head), "");
  EXPECT_EQ(Faults(Autoencoder(), encoder + "4 } " + head), "freeze_for");
  EXPECT_EQ(Faults(Autoencoder(), head + "freeze: 'encoder'"), "freeze_for");
  EXPECT_EQ(Faults(Autoencoder(), "freeze_for { name: 'head' epochs: 1e300 }"), "");
  const absl::StatusOr<Assembled> parts = Assembled_(Autoencoder(), head);
  ASSERT_TRUE(parts.ok() && parts->dataset->Load().ok());
  std::vector<std::string> warnings;
  ASSERT_TRUE(CheckAgainstData(*parts, &warnings).ok());
  EXPECT_EQ(warnings.front(),
            "freeze_for keeps head from training for 4 steps, and the run has 4: it is not trained "
            "at all");
}

// Losses that compare all views with one another have no targets to name.
TEST_F(CombinationsTest, AnUpdateHasItsBatchesWithinTheRun) {
  // 21 samples are two batches of 8 an epoch, four in all.
  EXPECT_EQ(Faults(Autoencoder(), "train { accumulate: 4 }"), "");
  EXPECT_EQ(Faults(Autoencoder(), "train { accumulate: 5 }"), "train.accumulate");
  EXPECT_EQ(Faults(Autoencoder(), "train { steps: 3 accumulate: 5 }"), "");
  const std::string knn = "evaluate { knn { k: 3 } } ";
  EXPECT_THAT(Warnings(Autoencoder(), knn + "train { accumulate: 2 }"), SizeIs(0));
  EXPECT_THAT(Warnings(Autoencoder(), knn + "train { accumulate: 3 }"),
              ElementsAre(HasSubstr("the run's last batch of 4 is not trained on: an update takes "
                                    "3")));
  EXPECT_THAT(Warnings(Autoencoder(), knn + "train { epochs: 4 accumulate: 3 }"),
              ElementsAre(HasSubstr("the run's last 2 batches of 8 are not trained on")));
}

TEST_F(CombinationsTest, WhatOthersSwitchOffIsNotChanged) {
  const auto schedule = [&](const std::string& of) {
    return Faults(Autoencoder(), absl::StrCat("schedule { ", of, " }"));
  };
  EXPECT_EQ(schedule("final_fraction: 0.5"), "schedule.final_fraction");
  EXPECT_EQ(schedule("final_fraction: 0.5 decay: LINEAR"), "");
  EXPECT_EQ(schedule("final_fraction: 0"), "");
  const auto head = [&](const std::string& of) {
    return Faults(Contrastive(), Part("head", absl::StrCat("ProjectionMlp] { ", of, " }")));
  };
  EXPECT_EQ(head("layers: 2 hidden: 6"), "");
  EXPECT_EQ(head("layers: 1 hidden: 6"), "head.hidden");
  EXPECT_EQ(head("layers: 1 hidden: 0 norm_epsilon: 1"), "head.norm_epsilon");
  EXPECT_EQ(head("layers: 1 hidden: 0 output_norm: true norm_epsilon: 1"), "");
  EXPECT_EQ(head("output_norm_scale: false"), "head.output_norm_scale");
  const auto lars = [&](const std::string& of) {
    return Faults(Autoencoder(), Part("optimizer", absl::StrCat("Lars] { epsilon: 1 ", of, " }")));
  };
  EXPECT_EQ(lars("denominator: SUM_OF_NORMS"), "");
  EXPECT_EQ(lars(""), "optimizer.epsilon");
  EXPECT_EQ(lars("denominator: NORM_OF_SUM"), "") << "an override cannot take epsilon away";
  EXPECT_EQ(Faults(Autoencoder(), Part("dataset", "IdxImages] { held_out_seed: 3 }")),
            "dataset.held_out_seed");
  EXPECT_EQ(Faults(Autoencoder(), Part("dataset", "IdxImages] { held_out: 0 held_out_seed: 3 }")),
            "");
  EXPECT_EQ(Faults(Autoencoder(),
                   Part("dataset", "IdxImages] { scaling { low: -1 standardize: true } }")),
            "dataset.scaling.low");
  EXPECT_EQ(Faults(Autoencoder(), Part("head", "MlpDecoder] { activation: TANH }")),
            "head.activation");
  EXPECT_EQ(Faults(Autoencoder(),
                   Part("encoder", "Mlp] { dropout: 0.1 }") + Part("head", "MlpDecoder] {}")),
            "encoder.dropout");
  EXPECT_EQ(Faults(Contrastive(), Part("encoder",
                                       "ConvNet] { norm_epsilon: 1 "
                                       "code: 0 code_activation: TANH }")),
            "encoder.norm_epsilon encoder.code_activation");
  EXPECT_EQ(
      Faults(Contrastive(),
             Part("encoder", "VisionTransformer] { layers: 1 width: 8 heads: 2 drop_path: 0.1 }")),
      "encoder.drop_path");
  EXPECT_EQ(Faults(Contrastive(), Part("loss", "Swav] { prototypes: 4 queue_start_epoch: 1 }")),
            "loss.queue_start_epoch");
  // What a run keeps of itself says everything, and opens whatever has no effect in it.
  const absl::StatusOr<Assembled> parts =
      Assembled_(Contrastive(), Part("loss",
                                     "Swav] { prototypes: 4 queue_rows: 0 "
                                     "queue_start_epoch: 1 }"));
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_EQ(Faults(ResolvedText(*parts->config, "1"), ""), "");
  const std::string freeze = "freeze: 'encoder.0' freeze_for { name: 'encoder.0' steps: 2 }";
  EXPECT_EQ(Faults(Autoencoder(), freeze), "freeze_for[0].name");
  EXPECT_EQ(Faults(Autoencoder(), "freeze: 'encoder.0' freeze_for { name: 'head.0' steps: 2 }"),
            "");
}

TEST_F(CombinationsTest, ARampThatDoesNotEndIsSaid) {
  const auto warnings = [&](const std::string& length) {
    return Warnings(Autoencoder(), Part("optimizer", "AdamW] {}") +
                                       "evaluate { knn { k: 3 } } schedule { weight_decay { from: "
                                       "0.01 to: 0.5 " +
                                       length + " } }");
  };
  EXPECT_THAT(warnings(""), SizeIs(0));
  EXPECT_THAT(warnings("epochs: 2"), SizeIs(0));
  EXPECT_THAT(warnings("epochs: 3"),
              ElementsAre(HasSubstr("schedule.weight_decay changes over 6 steps, and the run has "
                                    "4: it does not come to 0.5")));
  EXPECT_THAT(warnings("steps: 5"), SizeIs(1));
  const auto of_loss = [&](const std::string& ramp) {
    return Warnings(Contrastive(),
                    "teacher {} evaluate { knn { k: 3 } } " +
                        Part("loss", absl::StrCat("Dino] { teacher_temperature { ", ramp, " } }")));
  };
  EXPECT_THAT(of_loss("from: 0.05"), SizeIs(0));
  EXPECT_THAT(of_loss("to: 0.07"), SizeIs(0));
  EXPECT_THAT(of_loss("to: 0.07 epochs: 2"), SizeIs(0));
  EXPECT_THAT(of_loss("to: 0.07 epochs: 3"),
              ElementsAre("loss.teacher_temperature changes over 6 steps, and the run has 4: it "
                          "does not come to 0.07"));
  EXPECT_THAT(of_loss("to: 0.07 steps: 5"), SizeIs(1));
}

TEST_F(CombinationsTest, TargetsAreOfALossThatHasThem) {
  const std::string groups = Part("encoder", "ResNet] { width: 2 }") +
                             "views { group { name: 'a' count: 2 } group { name: 'b' } ";
  const std::string one = groups + "count: 3 target: 'a' } ", all = groups + "count: 3 } ";
  for (const char* loss : {"NtXent", "Dcl", "SupCon", "BarlowTwins", "VicReg"}) {
    const std::string part = Part("loss", absl::StrCat(loss, "] {}"));
    EXPECT_EQ(Faults(Contrastive(), part + one), "loss") << loss;
    EXPECT_EQ(Faults(Contrastive(), part + all), "") << loss;
  }
  for (const char* loss : {"SigReg] {}", "VisReg] {}", "Swav] { prototypes: 4 }"})
    EXPECT_EQ(Faults(Contrastive(), Part("loss", loss) + one), "") << loss;
  const std::string predictor = Part("predictor", "ProjectionMlp] { output: 4 }");
  EXPECT_EQ(Faults(Contrastive(), predictor + one), "") << "whose target is z of those views";
}

// views { count } is what the groups have together, and not to be set beside them.
TEST_F(CombinationsTest, OfGroupsWithTooFewViewsTheRemedyIsOfGroups) {
  const std::string cosine = Part("loss", "NegativeCosine] {}") + "teacher { views: 'a' } ";
  const std::string alone = "views { count: 1 group { name: 'a' } } ";
  const std::string key =
      "views { count: 2 group { name: 'a' } group { name: 'b' student: false } "
      "} teacher { views: 'b' } ";
  const auto description = [&](const std::string& change) {
    return Description(Contrastive(), change);
  };
  EXPECT_THAT(description(alone), HasSubstr("there is 1. Give a group that the encoder sees "
                                            "another view: group { count: 2 ... }"));
  EXPECT_THAT(description(alone + cosine),
              HasSubstr("Give a group another view, group { count: 2 ... }, or let teacher { views "
                        "} or, without one, views { target } name another group"));
  for (const std::string& change : {alone, alone + cosine})
    EXPECT_FALSE(absl::StrContains(description(change), "Set views")) << change;
  EXPECT_THAT(description("views { count: 1 }"), HasSubstr("Set views { count: 2 ... }"));
  EXPECT_EQ(Faults(Contrastive(), Part("loss", "NegativeCosine] {}") + key), "")
      << "the teacher's group is another";
  const std::string two = "views { count: 2 group { name: 'a' count: 2 } } ";
  EXPECT_EQ(Faults(Contrastive(), two), "");
  EXPECT_EQ(Faults(Contrastive(), two + cosine), "");
}

TEST_F(CombinationsTest, ARampThatChangesLeadsSomewhere) {
  const std::string cosine = Part("loss", "NegativeCosine] {}");
  EXPECT_EQ(Faults(Contrastive(), cosine + "teacher { momentum { from: 0.9 decay: COSINE } }"),
            "teacher.momentum");
  EXPECT_EQ(Faults(Contrastive(), cosine + "teacher { momentum { steps: 3 } }"),
            "teacher.momentum");
  EXPECT_EQ(Faults(Contrastive(), cosine + "teacher { momentum { to: 1 decay: COSINE } }"), "");
  EXPECT_EQ(Faults(Contrastive(), "schedule { weight_decay { from: 0.1 epochs: 1 } }"),
            "schedule.weight_decay");
}

TEST_F(CombinationsTest, AnEvaluationThatIsAskedForMeasuresSomething) {
  const std::string unlabelled = Part("dataset", "IdxImages] { labels: '' test_labels: '' }");
  EXPECT_EQ(Faults(Contrastive(), "evaluate { every_epochs: 1 }"), "");
  // The held-out loss is always there.
  EXPECT_EQ(Faults(Contrastive(), "evaluate { every_epochs: 1 classify: false }"), "");
  EXPECT_EQ(Faults(Contrastive(), unlabelled + "evaluate { every_epochs: 1 }"), "");
  EXPECT_EQ(Faults(Contrastive(), "evaluate { knn { k: 3 } knn { k: 4 } knn { k: 3 } }"),
            "evaluate.knn[2]");
  EXPECT_EQ(Faults(Contrastive(), "evaluate { classify: false knn { k: 3 } probe {} }"),
            "evaluate.knn[0] evaluate.probe");
  EXPECT_EQ(Faults(Contrastive(), unlabelled + "evaluate { knn { k: 3 } }"), "evaluate.knn[0]");
  EXPECT_EQ(Faults(Autoencoder(), unlabelled + "evaluate { every_epochs: 1 }"), "");
  // What a run has written out holds every field, asked for or not.
  const absl::StatusOr<Assembled> parts = Assembled_(Contrastive(), "evaluate { classify: false }");
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_EQ(Faults(ResolvedText(*parts->config, "1"), ""), "");
}

TEST_F(CombinationsTest, TheBestCheckpointIsByAFigureThatIsMeasured) {
  const auto best = [](const std::string& figure) {
    return absl::StrCat("checkpoints { best: '", figure, "' } ");
  };
  const std::string unlabelled = Part("dataset", "IdxImages] { labels: '' test_labels: '' }");
  for (const char* figure : {"test_loss", "loss", "knn", "knn_k10", "probe"}) {
    EXPECT_EQ(Faults(Contrastive(), best(figure)), "") << figure;
    EXPECT_EQ(Faults(Contrastive(), best(figure) + "evaluate { validation: 0.3 }"), "") << figure;
    EXPECT_TRUE(absl::StrContains(Description(Contrastive(), best(figure)), "best  ")) << figure;
  }
  EXPECT_EQ(Faults(Contrastive(), best("validation_loss") + "evaluate { validation: 0.3 }"), "");
  for (const char* figure : {"validation_loss", "test_mse", "masked_loss", "knn_k11", "raw_knn",
                             "lose", "learning_rate"}) {
    EXPECT_EQ(Faults(Contrastive(), best(figure)), "checkpoints.best") << figure;
  }
  EXPECT_EQ(Faults(Autoencoder(), best("test_mse")), "");
  EXPECT_EQ(Faults(Contrastive(), best("loss") + "evaluate { max_test_samples: 1 }"),
            "checkpoints.best");
  EXPECT_EQ(Faults(Autoencoder(), best("loss") + "evaluate { max_test_samples: 1 }"), "");
  // One sample is kept of the 21.
  const std::string one = "evaluate { validation: 0.05 }";
  EXPECT_EQ(Faults(Contrastive(), best("loss") + one), "checkpoints.best");
  EXPECT_EQ(Faults(Contrastive(), best("knn") + one), "");
  EXPECT_EQ(Faults(Autoencoder(), best("loss") + one), "");
  EXPECT_EQ(Faults(Autoencoder(), best("probe") + unlabelled), "checkpoints.best");
  // Where a part is faulty, a name that no pipeline has is a fault beside it.
  const std::string faulty = Part("encoder", "Mlp] { code: 0 }");
  EXPECT_EQ(Faults(Autoencoder(), faulty + best("prob")), "encoder.code checkpoints.best");
  EXPECT_EQ(Faults(Autoencoder(), faulty + best("masked_loss")), "encoder.code");
}

TEST_F(CombinationsTest, ViewsThatAreTheSameAreSaid) {
  const auto warnings = [&](const std::string& views, const std::string& encoder) {
    return Warnings(
        Text(absl::StrCat("views { count: 2 ", views, " } ", Part("encoder", encoder),
                          Part("head", "ProjectionMlp] { output: 4 hidden_norm: false }"),
                          Part("loss", "NtXent] {}"), Part("optimizer", "Adam] {}"),
                          "train { epochs: 2 batch_size: 8 }")),
        "evaluate { knn { k: 3 } }");
  };
  const std::string dropping = "Mlp] { hidden: 8 code: 4 dropout: 0.5 }",
                    fixed = "Mlp] { hidden: 8 code: 4 }";
  EXPECT_THAT(warnings("", fixed), ElementsAre(HasSubstr("the 2 views of a sample are the same")));
  EXPECT_THAT(warnings("", dropping), SizeIs(0));
  EXPECT_THAT(warnings(Augmentation("RandomResizedCrop] {}"), fixed), SizeIs(0));
}

TEST_F(CombinationsTest, NeighboursThatAreNotThereAreSaid) {
  const auto warnings = [&](const std::string& change) {
    return Warnings(Contrastive(), change).size();
  };
  EXPECT_EQ(warnings("evaluate { knn { k: 20 } }"), 0);
  EXPECT_EQ(warnings("evaluate { knn { k: 21 } }"), 1) << "all of them";
  EXPECT_EQ(warnings("evaluate { knn { k: 22 } knn { k: 3 } }"), 1);
  EXPECT_EQ(warnings("evaluate { knn { k: 5 } max_train_samples: 5 }"), 1);
}

TEST_F(CombinationsTest, AHeldOutLossOfSmallerBatchesIsSaid) {
  const std::string four = "evaluate { validation: 0.2 knn { k: 3 } }";
  EXPECT_THAT(Warnings(Autoencoder(), four), ElementsAre(HasSubstr("validation keeps 4 samples")));
  EXPECT_THAT(Warnings(Contrastive(), four),
              ElementsAre(HasSubstr("validation keeps 4 samples"),
                          HasSubstr("held-out loss is of batches of 4 samples")));
  EXPECT_THAT(Warnings(Contrastive(), four + " train { batch_size: 4 }"), SizeIs(1));
  EXPECT_THAT(Warnings(Contrastive(), "evaluate { max_test_samples: 7 knn { k: 3 } }"),
              ElementsAre(HasSubstr("batches of 7 samples, all that are measured, and the "
                                    "training's of 8")));
}

TEST_F(CombinationsTest, TheStemFitsTheImages) {
  const std::string resnet = Part("encoder", "ResNet] { width: 2 }");
  EXPECT_TRUE(absl::StrContains(Description(Contrastive(), resnet), "stem CIFAR"));
  const std::string large =
      absl::StrCat("views { ", Augmentation("RandomResizedCrop] { height: 96 width: 96 }"), "}");
  EXPECT_TRUE(absl::StrContains(Description(Contrastive(), resnet + large), "stem IMAGENET"));
  EXPECT_FALSE(absl::StrContains(
      Description(Contrastive(), Part("encoder", "ResNet] { width: 2 stem: CIFAR }") + large),
      "stem"));
}

TEST_F(CombinationsTest, RolesFitTheLossAndTheDataOrAreNamed) {
  const std::string predictor =
      Part("predictor", "ProjectionMlp] { output: 4 hidden_norm: false }");
  const std::string cosine = Part("loss", "NegativeCosine] {}");
  EXPECT_EQ(Faults(Contrastive(), cosine), "loss") << "nobody makes a target";
  EXPECT_EQ(Faults(Contrastive(), cosine + predictor), "");
  EXPECT_EQ(Faults(Contrastive(), cosine + "teacher {}"), "");
  EXPECT_EQ(Faults(Contrastive(), cosine + predictor + "teacher {} views { count: 1 }"), "loss")
      << "no two views that differ";
  EXPECT_EQ(Faults(Contrastive(), cosine + Part("predictor", "ProjectionMlp] { output: 5 }")),
            "loss")
      << "of another width than its target";
  EXPECT_EQ(Faults(Contrastive(), cosine + predictor + "train { chunk: 5 }"), "");
  const std::string norm = Part("predictor", "ProjectionMlp] { output: 4 }");
  EXPECT_EQ(Faults(Contrastive(), cosine + norm + "train { chunk: 1 }"), "train.chunk");
  // 8×8 pictures.
  const std::string small = Augmentation("RandomResizedCrop] { height: 4 width: 4 }");
  const std::string groups = absl::StrCat(
      "views { count: 3 group { name: 'global' count: 2 } group { name: 'local' ", small, "} }");
  EXPECT_EQ(Faults(Contrastive(), groups), "views.group[1]") << "a ConvNet is made for one size";
  const std::string patches =
      Part("encoder", "VisionTransformer] { patch: 4 layers: 1 width: 8 heads: 2 }");
  EXPECT_EQ(Faults(Contrastive(), patches + groups), "");
  const std::string odd =
      absl::StrCat("views { count: 3 group { name: 'global' count: 2 } group { name: 'local' ",
                   Augmentation("RandomResizedCrop] { height: 6 width: 4 }"), "} }");
  EXPECT_THAT(Description(Contrastive(), patches + odd),
              HasSubstr("views.group[1]: ends in image 1×6×4, and the encoder, made for image "
                        "1×8×8, takes pictures of any size that its patch, 4, divides"));
  const std::string any_size = Part("encoder", "ResNet] { width: 2 }");
  EXPECT_EQ(Faults(Contrastive(), any_size + groups), "");
  EXPECT_EQ(Faults(Contrastive(), any_size + groups + "teacher { views: 'global' } " +
                                      Part("loss", "Swav] { prototypes: 4 }")),
            "");
  EXPECT_EQ(Faults(Contrastive(), any_size + groups + "teacher { views: 'local' }" + cosine), "");
  EXPECT_EQ(Faults(Autoencoder(), groups), "views.group[1]") << "an Mlp too";
  for (const char* loss : {"VicReg", "BarlowTwins", "SupCon", "Dcl"}) {
    const std::string part = Part("loss", absl::StrCat(loss, "] {}"));
    EXPECT_EQ(Faults(Contrastive(), part), "") << loss;
    EXPECT_EQ(Faults(Contrastive(), part + "teacher {}"), "teacher") << loss;
    EXPECT_EQ(Faults(Contrastive(), part + predictor), "") << loss;
    EXPECT_THAT(Warnings(Contrastive(), part + predictor + "evaluate { knn { k: 3 } }"),
                ElementsAre(HasSubstr("the predictor is a second head")))
        << loss;
    EXPECT_EQ(Faults(Contrastive(), part + predictor + "teacher {}"), "teacher") << loss;
  }
  for (const char* loss : {"Dino] {}", "InfoNceQueue] { rows: 16 }"}) {
    EXPECT_EQ(Faults(Contrastive(), Part("loss", loss)), "loss") << loss;
    EXPECT_EQ(Faults(Contrastive(), Part("loss", loss) + predictor), "")
        << loss << ": past the predictor z is a target";
  }
  EXPECT_EQ(Faults(Contrastive(), "freeze_for { name: 'head' }"), "freeze_for[0]");
  EXPECT_EQ(Faults(Contrastive(), "freeze_for { name: 'teacher.encoder' steps: 1 }"),
            "freeze_for[0].name");
  EXPECT_EQ(Faults(Contrastive(), "schedule { weight_decay { from: -1 } }"),
            "schedule.weight_decay.from");
}

}  // namespace
}  // namespace pretext
