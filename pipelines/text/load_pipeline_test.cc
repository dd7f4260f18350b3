#include "pipelines/text/load_pipeline.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/file/testing.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "pipelines/testing/fake_plugins.h"
#include "pipelines/testing/fake_plugins.pb.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::FakeEncoder;
using testing::FakePipeline;
using testing::FakePipelineWith;

std::string FaultsIn(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return std::string(LoadPipelineText("p.textproto", text, overrides).map.status().message());
}

Pipeline Loaded(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const LoadedPipeline loaded = LoadPipelineText("p.textproto", text, overrides);
  EXPECT_TRUE(loaded.map.ok()) << loaded.map.status();
  EXPECT_TRUE(loaded.complete);
  return *loaded.config;
}

FakeEncoder EncoderOf(const Pipeline& pipeline) {
  FakeEncoder encoder;
  EXPECT_TRUE(pipeline.encoder().UnpackTo(&encoder));
  return encoder;
}

// What is written has no bearing on places: "encoder { FAULTY }" in the second line.
std::string EncoderFault(const std::string& fields) {
  return FaultsIn(absl::StrCat("encoder { [type.googleapis.com/pretext.testing.FakeEncoder] {\n",
                               fields, "\n} }"));
}

TEST(LoaderTest, ReadsWhatProtobufReads) {
  Pipeline expected;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(FakePipeline(), &expected));
  const Pipeline loaded = Loaded(FakePipeline());
  EXPECT_TRUE(MessageDifferencer::Equals(loaded, expected)) << loaded.DebugString();
  EXPECT_EQ(EncoderOf(loaded).width_size(), 2);
  EXPECT_EQ(EncoderOf(loaded).layer(0).activation(), FakeEncoder::Layer::GELU);
}

TEST(LoaderTest, ReadsNestedParts) {
  const Pipeline loaded = Loaded(R"(views { augmentation {
      [type.googleapis.com/pretext.testing.FakeAll] {
        augmentation { [type.googleapis.com/pretext.testing.FakeNoise] { deviation: 3 } }
        augmentation { [type.googleapis.com/pretext.testing.FakeAll] {
          augmentation { [type.googleapis.com/pretext.testing.FakeCrop] {} } } }
      } } })");
  testing::FakeAll all, inner;
  ASSERT_TRUE(loaded.views().augmentation(0).UnpackTo(&all));
  ASSERT_EQ(all.augmentation_size(), 2);
  ASSERT_TRUE(all.augmentation(1).UnpackTo(&inner));
  EXPECT_TRUE(inner.augmentation(0).Is<testing::FakeCrop>());
}

TEST(LoaderTest, TheSystemThatWroteAFileMakesNoDifference) {
  const std::string path = ::testing::TempDir() + "/p.textproto";
  const auto read = [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    const auto loaded = LoadPipelineFile(path);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return loaded.ok() && loaded->map.ok() ? loaded->config->name() : "";
  };
  EXPECT_EQ(read("# one\nname: \"x\"\n"), "x");
  EXPECT_EQ(read("\xEF\xBB\xBF# one\r\nname: \"x\"\r\n"), "x");
  EXPECT_EQ(read("# one\rname: \"x\"\r"), "x");
  std::string wide = "\xFF\xFE";
  for (const char c : std::string("name: 'x'\r\n")) wide += {c, '\0'};
  EXPECT_EQ(read(wide), "x");
  std::ofstream(path, std::ios::binary) << std::string("name: 'x'\0", 10);
  EXPECT_TRUE(
      absl::StrContains(LoadPipelineFile(path).status().message(), "p.textproto: holds NUL bytes"));
}

TEST(LoaderTest, UnknownFields) {
  EXPECT_EQ(FaultsIn("nmae: \"x\""),
            "p.textproto:1:1: no field \"nmae\" in pretext.Pipeline; did you mean name? It has: "
            "name, dataset, views, encoder, head, predictor, teacher, loss, optimizer, schedule, "
            "train, evaluate, "
            "output, checkpoints, initialize, freeze, freeze_for, version.");
  EXPECT_EQ(EncoderFault("  layer { widht: 3 }"),
            "p.textproto:2:11: encoder.layer[0]: no field \"widht\" in "
            "pretext.testing.FakeEncoder.Layer; did you mean width? It has: width, activation.");
  EXPECT_EQ(FaultsIn("head { [type.googleapis.com/pretext.testing.FakeDecoder] { zzz { a: 1 } } }"),
            "p.textproto:1:60: head: no field \"zzz\" in pretext.testing.FakeDecoder. It has no "
            "fields.");
}

TEST(LoaderTest, Types) {
  EXPECT_EQ(
      FaultsIn("loss {\n  [type.googleapis.com/pretext.testing.FakeLos] { temperature: 1 } }"),
      "p.textproto:2:3: loss: no loss is named \"pretext.testing.FakeLos\"; did you mean "
      "[type.googleapis.com/pretext.testing.FakeLoss]? Losses in this binary: "
      "pretext.testing.FakeLoss. If it exists but is not linked, add its target, by "
      "convention //losses/fake_los, to the binary.");
  EXPECT_EQ(
      FaultsIn("encoder { [type.googleapis.com/pretext.testing.FakeLoss] {} }"),
      "p.textproto:1:11: encoder: pretext.testing.FakeLoss is a loss, but an encoder is needed "
      "here. Encoders in this binary: pretext.testing.FakeEncoder.");
  const std::string form = "loss { [type.googleapis.com/pretext.testing.FakeLoss] { … } }";
  EXPECT_EQ(FaultsIn("loss {}"),
            absl::StrCat("p.textproto:1:6: loss: names no loss; write ", form));
  EXPECT_EQ(FaultsIn("loss { temperature: 1 }"),
            absl::StrCat("p.textproto:1:8: loss: needs a type in brackets before \"temperature\"; "
                         "write ",
                         form));
  EXPECT_EQ(FaultsIn("loss { [pretext.testing.FakeLoss] {} }"),
            "p.textproto:1:8: loss: a type is written "
            "[type.googleapis.com/pretext.testing.FakeLoss]");
  EXPECT_EQ(FaultsIn("loss { [example.com/pretext.testing.FakeLoss] {} }"),
            "p.textproto:1:8: loss: a type is written "
            "[type.googleapis.com/pretext.testing.FakeLoss]");
  EXPECT_EQ(FaultsIn("loss { [type.googleapis.com/pretext.testing.FakeLoss]: 3 }"),
            absl::StrCat("p.textproto:1:8: loss: must be a message in braces; write ", form));
  EXPECT_EQ(FaultsIn("loss { [type.googleapis.com/pretext.testing.FakeLoss] {} name: 3 }"),
            "p.textproto:1:58: loss: takes one type in brackets; \"name\" is beside it");
  EXPECT_EQ(FaultsIn("loss: 3"), "p.textproto:1:7: loss: must be a message in braces, loss { … }");
  EXPECT_EQ(
      FaultsIn("views { [type.googleapis.com/pretext.testing.FakeNoise] {} }"),
      "p.textproto:1:9: views: [type.googleapis.com/pretext.testing.FakeNoise] stands where a "
      "field of pretext.Pipeline.Views belongs; a type in brackets is written inside a part, "
      "encoder { [type] { … } }");
}

TEST(LoaderTest, FaultsInNestedParts) {
  EXPECT_EQ(
      FaultsIn(R"(views {
  augmentation { [type.googleapis.com/pretext.testing.FakeNoise] {} }
  augmentation { [type.googleapis.com/pretext.testing.FakeAll] {
    augmentation { [type.googleapis.com/pretext.testing.FakeLoss] {} }
    augmentation { [type.googleapis.com/pretext.testing.FakeNoise] { sigma: 1 } }
  } }
})"),
      "p.textproto:4:20: views.augmentation[1].augmentation[0]: pretext.testing.FakeLoss is a "
      "loss, but an augmentation is needed here. Augmentations in this binary: "
      "pretext.testing.FakeAll, pretext.testing.FakeCrop, pretext.testing.FakeNoise.\n"
      "p.textproto:5:70: views.augmentation[1].augmentation[1]: no field \"sigma\" in "
      "pretext.testing.FakeNoise. It has: deviation.");
}

TEST(LoaderTest, ValuesOfTheWrongType) {
  EXPECT_EQ(
      EncoderFault("width: \"8\""),
      "p.textproto:2:8: encoder.width[0]: must be a whole number from -9223372036854775808 to "
      "9223372036854775807; it is \"8\", in quotes: take them away");
  EXPECT_EQ(
      EncoderFault("width: [8, 8.5, x]"),
      "p.textproto:2:12: encoder.width[1]: must be a whole number from -9223372036854775808 to "
      "9223372036854775807; it is \"8.5\"\n"
      "p.textproto:2:17: encoder.width[1]: must be a whole number from -9223372036854775808 to "
      "9223372036854775807; it is \"x\"");
  EXPECT_EQ(
      EncoderFault("width { }"),
      "p.textproto:2:7: encoder.width[0]: must be a whole number from -9223372036854775808 to "
      "9223372036854775807, not a message in braces");
  EXPECT_EQ(
      EncoderFault("groups: 2147483648"),
      "p.textproto:2:9: encoder.groups: must be a whole number from -2147483648 to 2147483647; "
      "it is \"2147483648\"");
  EXPECT_EQ(EncoderFault("bound: wide"),
            "p.textproto:2:8: encoder.bound: must be a finite number; it is \"wide\"");
  EXPECT_EQ(EncoderFault("bound: nan"),
            "p.textproto:2:8: encoder.bound: must be a finite number; it is \"nan\"");
  EXPECT_EQ(
      EncoderFault("bound: '0.5'"),
      "p.textproto:2:8: encoder.bound: must be a finite number; it is \"0.5\", in quotes: take "
      "them away");
  EXPECT_EQ(EncoderFault("bound: 'wide'"),
            "p.textproto:2:8: encoder.bound: must be a finite number; it is \"wide\"");
  EXPECT_EQ(EncoderFault("bound: -inf"),
            "p.textproto:2:8: encoder.bound: must be a finite number; it is \"-inf\"");
  EXPECT_EQ(EncoderFault("bound: 1e999"),
            "p.textproto:2:8: encoder.bound: must be a finite number; it is \"1e999\"");
  EXPECT_EQ(
      FaultsIn("loss { [type.googleapis.com/pretext.testing.FakeLoss] { temperature: 1e39 } }"),
      "p.textproto:1:70: loss.temperature: must be a finite number; it is \"1e39\"");
  EXPECT_EQ(EncoderFault("layer { activation: relu }"),
            "p.textproto:2:21: encoder.layer[0].activation: must be one of RELU, GELU; it is "
            "\"relu\"; did you mean RELU?");
  EXPECT_EQ(
      EncoderFault("layer { activation: 7 }"),
      "p.textproto:2:21: encoder.layer[0].activation: must be one of RELU, GELU; it is \"7\"");
  EXPECT_EQ(FaultsIn("train { drop_last: maybe }"),
            "p.textproto:1:20: train.drop_last: must be true or false; it is \"maybe\"");
  EXPECT_EQ(
      FaultsIn("train { seed: -1 }"),
      "p.textproto:1:15: train.seed: must be a whole number from 0 to 18446744073709551615; it "
      "is \"-1\"");
  EXPECT_EQ(FaultsIn("name: fake"),
            "p.textproto:1:7: name: must be text in quotes; it is \"fake\"");
  EXPECT_EQ(FaultsIn("name: \"ab\\xff\""),
            "p.textproto:1:7: name: must be UTF-8, and is not at byte 3; it is \"ab\\\\xff\"");
}

TEST(LoaderTest, FieldsGivenTwice) {
  EXPECT_EQ(FaultsIn("name: \"a\"\nname: \"b\""),
            "p.textproto:2:1: name: given twice, first at 1:1");
  EXPECT_EQ(FaultsIn("train { epochs: 1 }\ntrain { seed: 2 }"),
            "p.textproto:2:1: train: given twice, first at 1:1");
  EXPECT_EQ(
      FaultsIn("train { epochs: 1 steps: 5 }"),
      "p.textproto:1:19: train.steps: given beside epochs at 1:9; only one of epochs, steps may "
      "be");
  EXPECT_EQ(FaultsIn("name: [\"a\", \"b\"]"), "p.textproto:1:1: name: takes one value, not a list");
}

TEST(LoaderTest, SyntaxFaultsEndTheText) {
  const LoadedPipeline loaded =
      LoadPipelineText("p.textproto", "nam: 1\ntrain { epochs 1 }\nhaed {}");
  EXPECT_FALSE(loaded.complete);
  EXPECT_EQ(std::string(loaded.map.status().message()),
            "p.textproto:1:1: no field \"nam\" in pretext.Pipeline; did you mean name? It has: "
            "name, dataset, views, encoder, head, predictor, teacher, loss, optimizer, schedule, "
            "train, evaluate, "
            "output, checkpoints, initialize, freeze, freeze_for, version.\n"
            "p.textproto:2:16: expected ':' or '{', found \"1\"");
}

TEST(LoaderTest, OverridesMergeFieldByField) {
  const Pipeline loaded = Loaded(
      FakePipeline(), {"train { epochs: 7 } name: \"other\"",
                       "encoder { [type.googleapis.com/pretext.testing.FakeEncoder] { groups: "
                       "2 } } train { seed: 9 }"});
  EXPECT_EQ(loaded.name(), "other");
  EXPECT_EQ(loaded.train().epochs(), 7);
  EXPECT_EQ(loaded.train().seed(), 9);
  EXPECT_EQ(loaded.train().batch_size(), 8) << "kept from the file";
  EXPECT_EQ(EncoderOf(loaded).groups(), 2);
  EXPECT_EQ(EncoderOf(loaded).width_size(), 2) << "kept from the file";
}

TEST(LoaderTest, OverridesReplaceListsAndOneofs) {
  const Pipeline loaded = Loaded(
      FakePipeline(), {"encoder { [type.googleapis.com/pretext.testing.FakeEncoder] { width: "
                       "5 width: 6 width: 7 } } schedule { warmup_steps: 3 }",
                       "train { steps: 50 }"});
  EXPECT_EQ(EncoderOf(loaded).width_size(), 3);
  EXPECT_EQ(EncoderOf(loaded).width(0), 5);
  EXPECT_EQ(EncoderOf(loaded).layer_size(), 1) << "another list";
  EXPECT_FALSE(loaded.schedule().has_warmup_epochs());
  EXPECT_EQ(loaded.schedule().warmup_steps(), 3);
  EXPECT_FALSE(loaded.train().has_epochs());
  EXPECT_EQ(loaded.train().steps(), 50);
}

TEST(LoaderTest, OverridesOfAnotherTypeReplaceThePart) {
  const std::string twice = FakePipelineWith("FakeNoise] { deviation: 0.2 }", "FakeAll] {}");
  const Pipeline loaded = Loaded(
      twice, {"views { augmentation { [type.googleapis.com/pretext.testing.FakeCrop] {} } }"});
  ASSERT_EQ(loaded.views().augmentation_size(), 1);
  EXPECT_TRUE(loaded.views().augmentation(0).Is<testing::FakeCrop>());
  EXPECT_EQ(loaded.views().count(), 2);
}

TEST(LoaderTest, FaultsInOverridesAreTheirs) {
  EXPECT_EQ(
      FaultsIn(FakePipeline(), {"train { epochs: 1 }", "train { epohcs: 1 }"}),
      "--override #2:1:9: train: no field \"epohcs\" in pretext.Pipeline.Train; did you mean "
      "epochs? It has: epochs, steps, batch_size, chunk, accumulate, seed, clip_norm, "
      "drop_last, batch_norm, checkpoint_every_steps, log_every, threads, prefetch, precision, "
      "blocks, timeout_seconds, reduction, gradient_checkpointing.");
  EXPECT_EQ(FaultsIn(FakePipeline(), {"train { epochs: }"}),
            "--override #1:1:17: expected a value, found \"}\"");
}

TEST(LoaderTest, PlacesFollowTheLastWriter) {
  const LoadedPipeline loaded = LoadPipelineText(
      "p.textproto", FakePipeline(),
      {"encoder { [type.googleapis.com/pretext.testing.FakeEncoder] { width: 5 } }"});
  const auto place = [&](absl::string_view path) {
    const Place found = loaded.map.PlaceOf(path);
    return absl::StrCat(found.source, ":", found.at.line, ":", found.at.column);
  };
  EXPECT_EQ(place("encoder.width[0]"), "1:1:63");
  EXPECT_EQ(place("encoder.width[1]"), "1:1:63") << "forgotten: the list's own place";
  EXPECT_EQ(place("encoder.layer[0].width"), "0:10:13");
  EXPECT_EQ(place("encoder.layer[0].absent"), "0:10:5") << "the nearest around it";
  EXPECT_EQ(place("encoder.absent"), "1:1:1");
  EXPECT_EQ(place("train.batch_size"), "0:17:19");
  EXPECT_EQ(place("nothing"), "0:1:1");
}

std::string LoadMessage(const std::string& path) {
  return std::string(LoadPipelineFile(path).status().message());
}

TEST(LoaderTest, Files) {
  const TestFolder folder;
  const std::string path = folder / "simclr.textproto";
  ASSERT_TRUE(WriteFileAtomically(path, FakePipeline()).ok());
  const auto loaded = LoadPipelineFile(path, {"train { epochs: 4 }"});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config->train().epochs(), 4);

  EXPECT_EQ(LoadMessage(folder / "simclr.textprot"),
            absl::StrCat(folder / "simclr.textprot",
                         ": cannot be read: No such file or directory; did you mean ", path, "?"));
  EXPECT_EQ(LoadMessage(folder.path()), folder.path() + ": cannot be read: it is a folder");
  ASSERT_TRUE(WriteFileAtomically(folder / "train.bin", std::string(2 << 20, 'x')).ok());
  EXPECT_EQ(LoadMessage(folder / "train.bin"),
            folder / "train.bin: is no pipeline: it has more than 1048576 bytes");
  EXPECT_TRUE(absl::StrContains(LoadMessage("absent.textproto"), "(looked for at /"));
}

TEST(LoaderTest, NeverProposesThePathThatWasGiven) {
  const TestFolder folder;
  ASSERT_EQ(symlink("nowhere", (folder / "p.textproto").c_str()), 0);
  EXPECT_EQ(LoadMessage(folder / "p.textproto"),
            folder / "p.textproto: cannot be read: No such file or directory");
}

TEST(LoaderTest, WhatNeverEndsIsNoPipeline) {
  const TestFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(
      absl::StrContains(LoadMessage(folder / "pipe"), "pipe: cannot be read: it is a pipe"));
  EXPECT_TRUE(absl::StrContains(LoadMessage("/dev/zero"), "/dev/zero: is no pipeline"));
  EXPECT_TRUE(absl::StrContains(LoadMessage(folder / std::string(300, 'x')), "name too long"));
}

TEST(LoaderTest, ANulInATextIsAFaultAtItsPlace) {
  EXPECT_TRUE(absl::StrContains(FaultsIn("name: \"x\\000y\""),
                                "p.textproto:1:7: name: must not hold a NUL character"));
}

TEST(ResolvedTextTest, WritesDefaultsAndLoadsAgain) {
  const Pipeline pipeline = Loaded(FakePipeline());
  const std::string text = ResolvedText(pipeline, "1.2.3");
  for (const char* expected :
       {"version: \"1.2.3\"", "  path: \"images\"", "  labelled: true", "learning_rate: 0.001",
        "  accumulate: 1", "  epochs: 2", "  pca: true", "  decay: COSINE", "    k: 10",
        "width: [16, 8]", "[type.googleapis.com/pretext.testing.FakeEncoder]"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << " in:\n" << text;
  }
  EXPECT_EQ(text.find("groups"), std::string::npos) << "its absence means something";
  EXPECT_EQ(text.find("deeper"), std::string::npos) << "its absence means something";
  EXPECT_EQ(text.find("steps: 0"), text.find("checkpoint_every_steps: 0") + 17) << text;

  const Pipeline again = Loaded(text);
  EXPECT_EQ(ResolvedText(again, "1.2.3"), text);
  EXPECT_EQ(EncoderOf(again).layer(0).width(), 4);
  EXPECT_EQ(again.evaluate().knn_size(), 2);
}

}  // namespace
}  // namespace pretext
