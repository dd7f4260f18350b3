// The trained encoder on its way out of a run: what the commands and the example program make of
// it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/program.h"

namespace pretext {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string Path(const std::string& name) { return ScratchFolder() + "/" + name; }

// A trained autoencoder, once: runs/pictures, and a copy of its encoder elsewhere.
void TrainOnce() {
  if (std::filesystem::exists(Path("elsewhere"))) return;
  WriteScratchFile("pictures.textproto", SmallAutoencoder("pictures"));
  const ProgramResult trained = RunProgram({"train", "pictures.textproto"});
  ASSERT_EQ(trained.exit_code, 0) << trained.output;
  std::filesystem::copy(Path("runs/pictures/encoder"), Path("elsewhere"));
}

size_t Lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(EncoderProgram, IsUsedWithoutItsRunAndItsDataset) {
  TrainOnce();
  std::filesystem::rename(Path("train-images"), Path("hidden"));
  const std::vector<std::string> rest = {"--input", "test-images", "--labels", "test-labels",
                                         "--out"};
  const auto embed = [&](const std::string& encoder, const std::string& out) {
    std::vector<std::string> words = {"embed", encoder};
    words.insert(words.end(), rest.begin(), rest.end());
    words.push_back(out);
    const ProgramResult result = RunProgram(words);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return FileContents(out);
  };
  const std::string of_run = embed("runs/pictures", "a.npy");
  EXPECT_EQ(embed("elsewhere", "b.npy"), of_run);
  EXPECT_EQ(embed("runs/pictures/encoder/", "c.npy"), of_run);
  EXPECT_THAT(FileContents("a.names.txt"), StartsWith("test-images#0\ntest-images#1\n"));
  EXPECT_FALSE(FileContents("a.labels.npy").empty());
  std::filesystem::rename(Path("hidden"), Path("train-images"));
  // Of a run without the folder, as an older one, it is made from the checkpoint.
  std::filesystem::rename(Path("runs/pictures/encoder"), Path("kept"));
  EXPECT_EQ(embed("runs/pictures", "d.npy"), of_run);
  std::filesystem::rename(Path("kept"), Path("runs/pictures/encoder"));
  EXPECT_EQ(embed("runs/pictures/checkpoint", "e.npy"), of_run);
}

TEST(EncoderProgram, ADamagedFolderIsNotUsed) {
  TrainOnce();
  for (const std::string file : {"encoder.textproto", "weights.safetensors"}) {
    std::filesystem::remove_all(Path("damaged"));
    std::filesystem::copy(Path("elsewhere"), Path("damaged"));
    std::string contents = FileContents("damaged/" + file);
    contents[contents.size() / 2] ^= 1;
    WriteScratchFile("damaged/" + file, contents);
    const ProgramResult result =
        RunProgram({"embed", "damaged", "--input", "test-images", "--out", "f.npy"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.output, HasSubstr("damaged/" + file));
    EXPECT_TRUE(FileContents("f.npy").empty());
  }
}

TEST(EncoderProgram, AVoteOfAllSamplesIsSaidOnce) {
  TrainOnce();
  const std::string all = "evaluate { knn { k: 512 } }";
  const auto times = [](const std::vector<std::string>& words) {
    const ProgramResult result = RunProgram(words);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    const std::string said = "asks all of the 512 training samples";
    int count = 0;
    for (size_t at = 0; (at = result.output.find(said, at)) != std::string::npos; ++at) ++count;
    return count;
  };
  EXPECT_EQ(times({"train", "pictures.textproto", "--override",
                   "name: 'votes' train { epochs: 1 } " + all}),
            1);
  EXPECT_EQ(times({"eval", "runs/pictures", "--dataset", "pictures.textproto", "--override", all}),
            1);
}

TEST(EncoderProgram, IsEvaluatedAsItsTrainingWas) {
  TrainOnce();
  const ProgramResult again =
      RunProgram({"eval", "runs/pictures", "--dataset", "pictures.textproto", "--json"});
  ASSERT_EQ(again.exit_code, 0) << again.output;
  // The figures of the run's last line, digit for digit.
  const std::string metrics = FileContents("runs/pictures/metrics.jsonl");
  const size_t eval = metrics.rfind("\"eval\":{");
  const std::string figures = metrics.substr(eval, metrics.find('}', eval) - eval);
  EXPECT_THAT(again.output, HasSubstr(figures));
  const ProgramResult folder = RunProgram({"eval", "elsewhere", "--dataset", "pictures.textproto"});
  ASSERT_EQ(folder.exit_code, 0) << folder.output;
  EXPECT_THAT(folder.output, HasSubstr("raw input"));
  EXPECT_THAT(folder.output, Not(HasSubstr("mse")));
}

// Two views of the small images, through an Mlp: what stands beside its encoder is the method.
std::string SmallMethod(const std::string& name, const std::string& parts) {
  const std::string autoencoder = SmallAutoencoder(name);
  const size_t begin = autoencoder.find("dataset {"), end = autoencoder.find("views {");
  return absl::StrCat("name: \"", name, "\"\n", autoencoder.substr(begin, end - begin), R"pb(
                        views {
                          count: 2
                          augmentation {
                            [type.googleapis.com/pretext.GaussianNoise] {}
                          }
                        }
                        encoder {
                          [type.googleapis.com/pretext.Mlp] { hidden: 16 code: 8 }
                        }
                        optimizer {
                          [type.googleapis.com/pretext.Adam] {}
                        }
                        train { epochs: 2 batch_size: 64 }
                      )pb",
                      parts);
}

// A predictor, a teacher, prototypes, a queue, a temperature that rises: the loss of held-out views
// is that of the training's end.
TEST(EncoderProgram, IsEvaluatedAsItsTrainingWasWhateverStoodBesideIt) {
  const std::string head =
      "head { [type.googleapis.com/pretext.ProjectionMlp] { hidden: 16 output: 8 } }";
  const std::string teacher = "teacher { momentum { from: 0.9 } }";
  for (const auto& [name, parts] : std::vector<std::pair<std::string, std::string>>{
           {"byol",
            head + teacher +
                "predictor { [type.googleapis.com/pretext.ProjectionMlp] { hidden: 16 output: 8 } }"
                "loss { [type.googleapis.com/pretext.NegativeCosine] {} }"},
           {"moco",
            head + teacher + "loss { [type.googleapis.com/pretext.InfoNceQueue] { rows: 128 } }"},
           {"swav", head + "loss { [type.googleapis.com/pretext.Swav] { prototypes: 12 } }"},
           {"dino",
            "teacher { kept: true momentum { from: 0.9 } }"
            "head { [type.googleapis.com/pretext.DinoHead] { hidden: 16 bottleneck: 8 output: "
            "12 } }"
            "loss { [type.googleapis.com/pretext.Dino] { teacher_temperature { from: 0.04 to: "
            "0.07 epochs: 1.5 } } }"}}) {
    const std::string file = name + ".textproto";
    WriteScratchFile(file, SmallMethod(name, parts));
    const ProgramResult trained = RunProgram({"train", file});
    ASSERT_EQ(trained.exit_code, 0) << trained.output;
    const ProgramResult again = RunProgram({"eval", "runs/" + name, "--dataset", file, "--json"});
    ASSERT_EQ(again.exit_code, 0) << name << ": " << again.output;
    const std::string metrics = FileContents("runs/" + name + "/metrics.jsonl");
    const size_t eval = metrics.rfind("\"eval\":{");
    const std::string figures = metrics.substr(eval, metrics.find('}', eval) - eval);
    EXPECT_THAT(figures, HasSubstr("\"test_loss\":"));
    EXPECT_THAT(again.output, HasSubstr(figures)) << name;
  }
}

// Nothing holds the prediction back from one direction for all: neither a predictor nor a teacher
// that lags behind; neither a centre.
TEST(EncoderProgram, ACollapseIsNamed) {
  TrainOnce();
  for (const auto& [name, parts] : std::vector<std::pair<std::string, std::string>>{
           {"without_predictor",
            "predictor { [type.googleapis.com/pretext.IdentityHead] {} } "
            "teacher { momentum { from: 0 to: 0 } } "
            "head { [type.googleapis.com/pretext.ProjectionMlp] { hidden: 16 output: 8 "
            "hidden_norm: "
            "false } } loss { [type.googleapis.com/pretext.NegativeCosine] {} }"},
           {"without_centre",
            "teacher { momentum { from: 0.9 } } "
            "head { [type.googleapis.com/pretext.DinoHead] { hidden: 16 bottleneck: 8 output: 12 } "
            "} loss { [type.googleapis.com/pretext.Dino] { center: false } }"}}) {
    WriteScratchFile(name + ".textproto", SmallMethod(name, parts));
    const ProgramResult trained =
        RunProgram({"train", name + ".textproto", "--override",
                    "train { steps: 400 log_every: 20 } "
                    "optimizer { [type.googleapis.com/pretext.Adam] { learning_rate: 0.01 } }"});
    EXPECT_EQ(trained.exit_code, 0) << trained.output;
    EXPECT_THAT(trained.output, HasSubstr("warning: complete collapse")) << name;
  }
}

// Of the same training the one keeps its encoder, the other its teacher's, which the checkpoint
// holds too.
TEST(EncoderProgram, ATeacherThatIsKeptIsWhatIsUsed) {
  TrainOnce();
  const auto embedded = [](const std::string& run) {
    const ProgramResult result =
        RunProgram({"embed", run, "--input", "test-images", "--out", "kept.csv"});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return FileContents("kept.csv");
  };
  std::vector<std::string> encoders;
  for (const std::string kept : {"", "kept: true "}) {
    const std::string name = kept.empty() ? "trained_kept" : "teacher_kept";
    WriteScratchFile(
        name + ".textproto",
        SmallMethod(name, "teacher { " + kept +
                              "momentum { from: 0.9 } } "
                              "head { [type.googleapis.com/pretext.IdentityHead] {} } "
                              "loss { [type.googleapis.com/pretext.NegativeCosine] {} }"));
    const ProgramResult trained = RunProgram({"train", name + ".textproto"});
    ASSERT_EQ(trained.exit_code, 0) << trained.output;
    encoders.push_back(embedded("runs/" + name));
    EXPECT_EQ(embedded("runs/" + name + "/checkpoint"), encoders.back()) << name;
  }
  EXPECT_NE(encoders[0], encoders[1]);
  const ProgramResult exported =
      RunProgram({"export", "runs/teacher_kept", "--format", "onnx", "--with-head", "--out", "x"});
  EXPECT_NE(exported.exit_code, 0);
  EXPECT_THAT(exported.output, HasSubstr("leave --with-head out"));
}

TEST(EncoderProgram, FindsNeighbours) {
  TrainOnce();
  ASSERT_EQ(RunProgram({"embed", "elsewhere", "--input", "test-images", "--out", "n.safetensors"})
                .exit_code,
            0);
  const ProgramResult near = RunProgram({"neighbours", "elsewhere", "--input", "test-images",
                                         "--among", "n.safetensors", "--top", "2"});
  ASSERT_EQ(near.exit_code, 0) << near.output;
  EXPECT_THAT(near.output, StartsWith("test-images#0\n   "));
  EXPECT_EQ(Lines(near.output), 3 * Lines(FileContents("n.names.txt")));
  const ProgramResult output = RunProgram({"neighbours", "elsewhere", "--input", "test-images",
                                           "--among", "n.safetensors", "--top", "2", "--out", "-"});
  EXPECT_EQ(output.exit_code, 0) << output.output;
  EXPECT_THAT(output.output, HasSubstr(near.output));
  EXPECT_EQ(FileContents("-"), "") << "a file of that name";
  const ProgramResult sheet = RunProgram({"neighbours", "elsewhere", "--input", "test-images",
                                          "--among", "n.safetensors", "--out", "near.png"});
  EXPECT_EQ(sheet.exit_code, 0) << sheet.output;
  EXPECT_THAT(FileContents("near.png"), StartsWith("\x89PNG"));
}

// Cosines with vectors of the same width by other weights mean nothing.
TEST(EncoderProgram, NeighboursAreOfOneEncoder) {
  TrainOnce();
  WriteScratchFile("other.textproto", SmallAutoencoder("other"));
  ASSERT_EQ(RunProgram({"train", "other.textproto", "--override", "train { seed: 2 }"}).exit_code,
            0);
  ASSERT_EQ(
      RunProgram({"embed", "runs/other", "--input", "test-images", "--out", "other.npy"}).exit_code,
      0);
  const ProgramResult refused =
      RunProgram({"neighbours", "elsewhere", "--input", "test-images", "--among", "other.npy"});
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.output, HasSubstr("elsewhere compares with layer h of the encoder"));
  // Of a run and of its encoder's copy the marks are the same.
  ASSERT_EQ(
      RunProgram({"embed", "runs/pictures", "--input", "test-images", "--out", "p.npy"}).exit_code,
      0);
  EXPECT_THAT(FileContents("p.encoder.txt"), StartsWith("layer h of the encoder "));
  EXPECT_EQ(RunProgram({"neighbours", "elsewhere", "--input", "test-images", "--among", "p.npy"})
                .exit_code,
            0);
  WriteScratchFile("p.encoder.txt", "\x1b[2J");
  const ProgramResult damaged =
      RunProgram({"neighbours", "elsewhere", "--input", "test-images", "--among", "p.npy"});
  EXPECT_EQ(damaged.exit_code, 1);
  EXPECT_THAT(damaged.output, HasSubstr("p.encoder.txt: does not say what made the vectors"));
}

// Missing, empty, unreadable, huge and of the wrong type: an error that names it, and nothing made.
TEST(EncoderProgram, WhatCannotBeUsedIsAnError) {
  TrainOnce();
  WriteScratchFile("empty", "");
  WriteScratchFile("text.npy", "no array");
  std::filesystem::create_directory(Path("folder"));
  const std::string dataset =
      "dataset { [type.googleapis.com/pretext.IdxImages] { images: 'no' } }";
  for (const auto& [words, part] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"embed", "elsewhere", "--input", "no", "--out", "o.npy"}, "no: cannot be read"},
           {{"embed", "elsewhere", "--input", "empty", "--out", "o.npy"}, "empty"},
           {{"embed", "elsewhere", "--input", "folder", "--out", "o.npy"}, "folder"},
           {{"embed", "elsewhere", "--input", "/dev/zero", "--out", "o.npy"}, "/dev/zero"},
           {{"embed", "elsewhere", "--input", "@empty", "--out", "o.npy"}, "names no files"},
           {{"embed", "elsewhere", "--input", "test-labels", "--out", "o.npy"}, "test-labels"},
           {{"embed", "elsewhere", "--input", "test-images", "--out", "o.xls"}, "Known: npy"},
           {{"embed", "elsewhere", "--input", "test-images", "--out", "no/o.npy"}, "no/o.npy"},
           {{"embed", "elsewhere", "--input", "test-images", "--out", "o.npy", "--layer", "y"},
            "there is no layer y"},
           {{"embed", "elsewhere", "--input", "test-images", "--out", "o.npy", "--layer", "tokens"},
            "no vectors of tokens"},
           {{"embed", "elsewhere", "--input", "test-images", "--labels", "test-images", "--out",
             "o.npy"},
            "Are the paths of images and labels exchanged?"},
           {{"embed", "elsewhere", "--input", "test-images", "--out", "o.npy", "--unit", "file"},
            "--unit says what one text is, and this encoder takes image"},
           {{"embed", "folder", "--input", "test-images", "--out", "o.npy"}, "is neither a run"},
           {{"fill-mask", "elsewhere", "a [MASK]", "--json"}, "holds an encoder alone"},
           {{"eval", "elsewhere"}, "--dataset is missing"},
           {{"eval", "elsewhere", "--dataset", dataset}, "--dataset:1:"},
           {{"eval", "runs/pictures", "--dataset", "empty"}, "dataset"},
           {{"eval", "--features", "text.npy"}, "--labels is missing"},
           {{"neighbours", "elsewhere", "--input", "test-images"}, "--among is missing"},
           {{"neighbours", "elsewhere", "--input", "test-images", "--among", "text.npy"},
            "text.npy is not a whole .npy file"},
           {{"neighbours", "elsewhere", "--input", "test-images", "--among", "folder"}, "folder"},
           {{"neighbours", "elsewhere", "--input", "test-images", "--among", "no.npy", "--out",
             "o.jpg"},
            "neighbours are written as .png, a sheet, or as .txt"},
       }) {
    const ProgramResult result = RunProgram(words);
    EXPECT_THAT(result.exit_code, AnyOf(1, 2)) << words[3] << result.output;
    EXPECT_THAT(result.output, HasSubstr(part));
    EXPECT_TRUE(FileContents("o.npy").empty());
  }
}

// The program of examples/embedder, as a user builds it.
TEST(EncoderProgram, TheExampleEmbeds) {
  TrainOnce();
  const std::string program = std::string(std::getenv("TEST_SRCDIR")) +
                              "/pretext/examples/embedder/embed " + Path("elsewhere") + " ";
  const auto run = [&](const std::string& inputs) {
    std::string output;
    std::FILE* const pipe = popen((program + inputs + " 2>&1").c_str(), "r");
    std::array<char, 4096> block;
    while (const size_t got = std::fread(block.data(), 1, block.size(), pipe)) {
      output.append(block.data(), got);
    }
    return std::pair(pclose(pipe), output);
  };
  ASSERT_EQ(RunProgram({"preview", "pictures.textproto", "--out", "sheet.png"}).exit_code, 0);
  const auto [code, output] = run(Path("sheet.png"));
  EXPECT_EQ(code, 0) << output;
  EXPECT_THAT(output, StartsWith("vectors of 4 of image 1×8×8; encoder pretext.Mlp, run pictures"));
  EXPECT_THAT(output, HasSubstr("\n 1.000  "));
  const auto [wrong, message] = run(Path("absent.png"));
  EXPECT_NE(wrong, 0);
  EXPECT_THAT(message, HasSubstr("absent.png: cannot be read"));
}

// A trained language model, once: runs/text. Its corpus is gone.
void TrainTextOnce() {
  if (std::filesystem::exists(Path("gone.txt"))) return;
  std::string corpus;
  for (int i = 0; i < 300; ++i) {
    corpus += "the old miller grinds golden corn " + std::to_string(i % 17) +
              "\nbetween heavy stones while his dog sleeps\n\n";
  }
  WriteScratchFile("corpus.txt", corpus);
  WriteScratchFile("text.textproto", SmallLanguageModel("text", 120, R"pb(
                     optimizer {
                       [type.googleapis.com/pretext.AdamW] {}
                     }
                     train { epochs: 1 batch_size: 16 }
                   )pb"));
  const ProgramResult trained = RunProgram({"train", "text.textproto"});
  ASSERT_EQ(trained.exit_code, 0) << trained.output;
  std::filesystem::rename(Path("corpus.txt"), Path("gone.txt"));
}

TEST(EncoderProgram, TextsByLineParagraphAndFile) {
  TrainTextOnce();
  WriteScratchFile("poem.txt", "the dog sleeps\n\ngolden corn\nheavy stones\n");
  const auto names = [&](const std::string& unit) {
    const ProgramResult result = RunProgram({"embed", "runs/text/encoder", "--input", "poem.txt",
                                             "--unit", unit, "--out", unit + ".npy"});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return FileContents(unit + ".names.txt");
  };
  EXPECT_EQ(names("line"), "the dog sleeps\n\ngolden corn\nheavy stones\n");
  EXPECT_EQ(names("paragraph"), "the dog sleeps\ngolden corn heavy stones\n");
  EXPECT_EQ(names("file"), "poem.txt\n");
  const ProgramResult tokens = RunProgram(
      {"embed", "runs/text", "--input", "poem.txt", "--layer", "tokens", "--out", "tokens.csv"});
  ASSERT_EQ(tokens.exit_code, 0) << tokens.output;
  EXPECT_THAT(FileContents("tokens.csv"), StartsWith("name,token,x0,"));
  EXPECT_THAT(FileContents("tokens.csv"), HasSubstr("\nthe dog sleeps,[CLS],"));
  EXPECT_THAT(
      RunProgram({"embed", "runs/text", "--input", "poem.txt", "--unit", "word", "--out", "w.npy"})
          .output,
      HasSubstr("--unit is line, paragraph"));
  EXPECT_THAT(RunProgram({"embed", "runs/text", "--input", "line.npy", "--out", "w.npy"}).output,
              HasSubstr("line.npy: holds NUL bytes"));
  const ProgramResult near = RunProgram(
      {"neighbours", "runs/text", "--input", "poem.txt", "--among", "line.npy", "--top", "1"});
  EXPECT_EQ(near.exit_code, 0) << near.output;
  EXPECT_THAT(near.output, StartsWith("the dog sleeps\n   "));
}

// Its pipeline says to learn one, and there is nothing to encode texts by.
TEST(EncoderProgram, ALearntVocabularyThatIsGoneIsNamed) {
  TrainTextOnce();
  std::filesystem::copy(Path("runs/text"), Path("bare"), std::filesystem::copy_options::recursive);
  std::filesystem::remove(Path("bare/vocab.txt"));
  std::filesystem::remove_all(Path("bare/encoder"));
  WriteScratchFile("line.txt", "the dog sleeps\n");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"fill-mask", "bare", "the [MASK]"},
           {"embed", "bare", "--input", "line.txt", "--out", "bare.npy"},
           {"embed", "bare", "--input", "line.txt", "--out", "bare.npy", "--layer", "z"},
           {"eval", "bare", "--dataset", "text.textproto"},
           {"export", "bare", "--format", "huggingface", "--out", "bert"}}) {
    const ProgramResult result = RunProgram(words);
    EXPECT_EQ(result.exit_code, 1) << words[0] << result.output;
    EXPECT_THAT(result.output, HasSubstr("bare/vocab.txt: is missing: the vocabulary that this"));
  }
}

// What writes into a pipe is read at the first opening; nobody writes a second time.
TEST(EncoderProgram, APipeOfTextsIsReadOnce) {
  TrainTextOnce();
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  std::thread writer([] { std::ofstream(Path("pipe")) << "golden corn\nheavy stones\n"; });
  const ProgramResult result =
      RunProgram({"embed", "runs/text", "--input", "pipe", "--out", "piped.npy"});
  writer.join();
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(FileContents("piped.names.txt"), "golden corn\nheavy stones\n");
}

TEST(EncoderProgram, WhatIsOverriddenIsWhatIsMeasuredBy) {
  TrainOnce();
  ASSERT_EQ(RunProgram({"embed", "elsewhere", "--input", "train-images", "--labels", "train-labels",
                        "--out", "t.npy"})
                .exit_code,
            0);
  const auto eval = [](const std::vector<std::string>& words, const std::string& override) {
    std::vector<std::string> all = {"eval", "--json", "--override", override};
    all.insert(all.end(), words.begin(), words.end());
    return RunProgram(all);
  };
  const std::vector<std::string> vectors = {"--features", "t.npy", "--labels",      "t.labels.npy",
                                            "--test",     "t.npy", "--test_labels", "t.labels.npy"},
                                 folder = {"elsewhere", "--dataset", "pictures.textproto"},
                                 run = {"runs/pictures", "--dataset", "pictures.textproto"};
  const ProgramResult one = eval(vectors, "evaluate { knn { k: 1 } max_test_samples: 7 }");
  EXPECT_EQ(one.exit_code, 0) << one.output;
  EXPECT_THAT(one.output, HasSubstr("\"samples\":7,\"eval\":{\"knn\":100,\"probe\""));
  for (const std::vector<std::string>& words : {vectors, folder, run}) {
    const ProgramResult range = eval(words, "evaluate { batch_size: 0 }");
    EXPECT_EQ(range.exit_code, 2) << range.output;
    EXPECT_THAT(range.output, HasSubstr("--override #1:1:12: evaluate.batch_size: must be from 1"));
    const ProgramResult other = eval(words, "train { steps: 1 }");
    EXPECT_EQ(other.exit_code, 2) << other.output;
    EXPECT_THAT(other.output, HasSubstr("--override #1:1:9: train.steps: "));
  }
}

}  // namespace
}  // namespace pretext
