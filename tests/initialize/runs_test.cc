// `initialize` and `freeze` in trainings: weights come from a run, frozen ones stay bit for bit,
// and a run goes on without the files that it came from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/tensor/safetensors.h"
#include "tests/program.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::map<std::string, Tensor> Weights(const std::string& folder) {
  std::map<std::string, Tensor> weights;
  absl::StatusOr<TensorFile> file =
      ReadTensors(ScratchFolder() + "/" + folder + "/weights.safetensors");
  EXPECT_TRUE(file.ok()) << file.status();
  if (!file.ok()) return weights;
  for (NamedTensor& named : file->tensors) weights.emplace(named.name, named.tensor);
  return weights;
}

bool SameBits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

// The names whose numbers are other in b than in a.
std::set<std::string> Moved(const std::map<std::string, Tensor>& a,
                            const std::map<std::string, Tensor>& b) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : a) {
    if (!b.contains(name) || !SameBits(tensor, b.at(name))) names.insert(name);
  }
  return names;
}

ProgramResult Train(const std::string& file, const std::vector<std::string>& overrides = {}) {
  std::vector<std::string> arguments = {"train", file};
  for (const std::string& text : overrides) {
    arguments.emplace_back("--override");
    arguments.push_back(text);
  }
  return RunProgram(arguments);
}

// SmallImages, seen by a ResNet.
std::string SmallSimclr(const std::string& name) {
  return SmallImages(name) +
         R"pb(
    views {
      count: 2
      augmentation {
        [type.googleapis.com/pretext.GaussianNoise] {}
      }
    }
    encoder {
      [type.googleapis.com/pretext.ResNet] { width: 2 }
    }
    head {
      [type.googleapis.com/pretext.ProjectionMlp] { hidden: 8 output: 4 }
    }
    loss {
      [type.googleapis.com/pretext.NtXent] {}
    }
    optimizer {
      [type.googleapis.com/pretext.AdamW] { learning_rate: 0.01 weight_decay: 0.1 }
    }
    train { steps: 2 batch_size: 16 }
         )pb";
}

const std::map<std::string, Tensor>& Source() {
  static const auto* const weights = [] {
    WriteScratchFile("source.textproto", SmallSimclr("source"));
    const ProgramResult result = Train("source.textproto");
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return new std::map<std::string, Tensor>(Weights("runs/source/checkpoint"));
  }();
  return *weights;
}

bool IsFrozen(const std::string& name) {
  for (const char* const layer : {"conv1.", "bn1.", "layer1.", "layer2."}) {
    if (name.starts_with(std::string("encoder.") + layer)) return true;
  }
  return name == "head.0.weight";
}

// With what could touch a weight: decay, clipping, accumulation, chunks, statistics by view.
TEST(Freeze, FrozenWeightsAndStatisticsStayToTheBit) {
  Source();
  WriteScratchFile("next.textproto", SmallSimclr("next"));
  const std::vector<std::string> ways = {
      "name: 'whole'", "name: 'chunks' train { chunk: 8 accumulate: 2 clip_norm: 0.1 }",
      "name: 'views' train { batch_norm: PER_VIEW }",
      "name: 'lars' optimizer { [type.googleapis.com/pretext.Lars] { learning_rate: 0.1 } }"};
  for (const std::string& way : ways) {
    const ProgramResult result =
        Train("next.textproto",
              {"initialize { from: 'runs/source' part: BOTH } freeze: ['conv1', 'bn1', 'layer1', "
               "'encoder.layer2', 'head.0.weight'] train { steps: 3 }",
               way});
    ASSERT_EQ(result.exit_code, 0) << result.output;
    EXPECT_THAT(result.output, AllOf(HasSubstr("encoder and head from runs/source/checkpoint/"),
                                     HasSubstr("of these frozen ")));
    const std::string name = way.substr(7, way.find('\'', 7) - 7);
    const auto weights = Weights("runs/" + name + "/checkpoint");
    const std::set<std::string> moved = Moved(Source(), weights);
    for (const auto& [tensor, value] : Source()) {
      EXPECT_EQ(moved.contains(tensor), !IsFrozen(tensor)) << tensor << ", " << way;
    }
    EXPECT_TRUE(Moved(Source(), Weights("runs/" + name + "/initial")).empty());
    // What is not trained has no state.
    const std::string optimizer =
        FileContents("runs/" + name + "/checkpoint/optimizer.safetensors");
    EXPECT_EQ(optimizer.find("\"encoder.layer1."), std::string::npos);
    EXPECT_NE(optimizer.find("\"encoder.layer3."), std::string::npos);
  }
}

// A run's predictor, teacher and what its loss remembers are not asked for.
TEST(Initialize, ARunOfMoreRolesGivesItsEncoderAndHead) {
  WriteScratchFile("taught.textproto", SmallSimclr("taught"));
  const ProgramResult taught = Train(
      "taught.textproto",
      {"predictor { [type.googleapis.com/pretext.ProjectionMlp] { hidden: 8 output: 4 } } teacher "
       "{ kept: true } loss { [type.googleapis.com/pretext.InfoNceQueue] { rows: 40 } }"});
  ASSERT_EQ(taught.exit_code, 0) << taught.output;
  const auto source = Weights("runs/taught/checkpoint");
  ASSERT_TRUE(source.contains("loss.queue") && source.contains("predictor.0.weight"));
  for (const char* const part : {"ENCODER", "HEAD", "BOTH"}) {
    const std::string name = std::string("of_") + part;
    const ProgramResult result =
        Train("taught.textproto", {"name: '" + name +
                                   "' train { steps: 1 } initialize { from: "
                                   "'runs/taught' part: " +
                                   part + " }"});
    ASSERT_EQ(result.exit_code, 0) << result.output;
    for (const auto& [tensor, value] : Weights("runs/" + name + "/initial")) {
      const bool asked = std::string(part) == "BOTH" ||
                         tensor.starts_with("encoder.") == (std::string(part) == "ENCODER");
      EXPECT_TRUE(!asked || SameBits(value, source.at(tensor))) << tensor << ", " << part;
    }
  }
}

TEST(Initialize, ARunGoesOnWithoutWhatItCameFrom) {
  WriteScratchFile("first.textproto", SmallAutoencoder("first"));
  ASSERT_EQ(Train("first.textproto").exit_code, 0);
  WriteScratchFile("second.textproto", SmallAutoencoder("second"));
  const std::string from =
      "initialize { from: 'runs/first' } freeze: '0' evaluate { max_train_samples: 64 }";
  const ProgramResult whole = Train("second.textproto", {from, "name: 'whole_run'"});
  ASSERT_EQ(whole.exit_code, 0) << whole.output;
  const ProgramResult half = Train("second.textproto", {from, "name: 'half' train { epochs: 1 }"});
  ASSERT_EQ(half.exit_code, 0) << half.output;
  // Neither the run nor its checksum is looked at again.
  std::filesystem::rename(ScratchFolder() + "/runs/first", ScratchFolder() + "/runs/gone");
  const ProgramResult resumed =
      RunProgram({"train", "--resume", "runs/half", "--override", "train { epochs: 2 }"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.output;
  EXPECT_TRUE(Moved(Weights("runs/whole_run/checkpoint"), Weights("runs/half/checkpoint")).empty());
  const auto last_line = [](const std::string& run) {
    const std::string lines = FileContents("runs/" + run + "/metrics.jsonl");
    return lines.substr(lines.rfind("{\"step\"", lines.size() - 2));
  };
  EXPECT_EQ(last_line("whole_run"), last_line("half"));  // the untrained baseline is the same
  EXPECT_THAT(FileContents("runs/half/pipeline.textproto"),
              AllOf(HasSubstr("from: \"runs/first\""), HasSubstr("checksum: \"")));
  // Begun again from its first step, it begins with the same weights.
  std::filesystem::remove_all(ScratchFolder() + "/runs/half/checkpoint");
  std::filesystem::remove_all(ScratchFolder() + "/runs/half/tensorboard");
  WriteScratchFile("runs/half/metrics.jsonl", "");
  const ProgramResult again = RunProgram({"train", "--resume", "runs/half"});
  ASSERT_EQ(again.exit_code, 0) << again.output;
  EXPECT_TRUE(Moved(Weights("runs/whole_run/checkpoint"), Weights("runs/half/checkpoint")).empty());
  // The same again would come from something else.
  const ProgramResult other = RunProgram({"validate", "runs/half/pipeline.textproto"});
  EXPECT_EQ(other.exit_code, 2) << other.output;
  EXPECT_THAT(other.output, HasSubstr("initialize[0].from: runs/first is not there"));
  std::filesystem::rename(ScratchFolder() + "/runs/gone", ScratchFolder() + "/runs/first");
}

// The encoder's folder has no head, whatever its tensors are called without "encoder.".
TEST(Initialize, AHeadIsNotMadeOfAnEncoder) {
  WriteScratchFile("folder.textproto", SmallAutoencoder("folder"));
  ASSERT_EQ(Train("folder.textproto").exit_code, 0);
  const ProgramResult result =
      Train("folder.textproto",
            {"name: 'of_folder' initialize { from: 'runs/folder/encoder' part: HEAD }"});
  EXPECT_EQ(result.exit_code, 2) << result.output;
  EXPECT_THAT(result.output, HasSubstr(" lacks "));
}

TEST(Initialize, FaultsAreToldAtTheirPlaceBeforeAnythingIsLoaded) {
  WriteScratchFile("faulty.textproto", SmallAutoencoder("faulty") +
                                           "initialize { from: 'my weights.pth' }\n" +
                                           "freeze: 'layer1'\n");
  WriteScratchFile("my weights.pth", "PK\x03\x04");
  const ProgramResult result = Train("faulty.textproto");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.output, AllOf(HasSubstr("initialize[0].from: my weights.pth is a pickle"),
                                   HasSubstr(" 'my weights.pth' model.safetensors"),
                                   HasSubstr("freeze[0]: names no parameter: \"layer1\""),
                                   HasSubstr("There are: 0, ")));
  EXPECT_FALSE(std::filesystem::exists(ScratchFolder() + "/runs/faulty"));
}

TEST(Initialize, ARunOfAnotherVocabularyIsRefused) {
  std::string text;
  for (int i = 0; i < 400; ++i) {
    text += "the quick brown fox " + std::to_string(i * 37 % 101) + " jumps over a lazy dog " +
            std::to_string(i * 53 % 97) + "\n\n";
  }
  WriteScratchFile("corpus.txt", text);
  const std::string rest =
      "optimizer { [type.googleapis.com/pretext.AdamW] {} } train { steps: 2 batch_size: 8 }";
  WriteScratchFile("text.textproto", SmallLanguageModel("text", 120, rest));
  ASSERT_EQ(Train("text.textproto").exit_code, 0);
  const std::string from = "initialize { from: 'runs/text' part: BOTH }";
  const ProgramResult same = Train("text.textproto", {from, "name: 'same'"});
  ASSERT_EQ(same.exit_code, 0) << same.output;
  WriteScratchFile("corpus.txt", text + "a new word of another kind\n\n" + text);
  const ProgramResult other = Train("text.textproto", {from, "name: 'other'"});
  EXPECT_EQ(other.exit_code, 2) << other.output;
  EXPECT_THAT(other.output, AllOf(HasSubstr("initialize[0].from: "),
                                  HasSubstr("was trained with another vocabulary")));
}

}  // namespace
}  // namespace pretext
