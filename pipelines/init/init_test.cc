#include "pipelines/init/init.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/file/testing.h"
#include "base/image/image_io.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/init/proposal.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

void WritePicture(const std::string& path, int height, int width, int number, bool grey) {
  fs::create_directories(fs::path(path).parent_path());
  const ImageShape shape{grey ? 1 : 3, height, width};
  std::vector<float> image(static_cast<size_t>(shape.size()));
  for (size_t i = 0; i < image.size(); ++i) {
    image[i] =
        0.5f + 0.5f * std::sin(0.37f * static_cast<float>(i) * static_cast<float>(number + 1));
  }
  ASSERT_TRUE(WritePng(path, image.data(), shape).ok());
}

std::string Fault(const std::string& data, const std::string& method = "") {
  return std::string(
      ProposePipeline({.data = data, .method = method, .name = "run"}).status().message());
}

// Assembles what was proposed: it validates, whatever it says.
std::unique_ptr<Pipeline> Config(const std::string& text) {
  auto parts = Assemble(LoadPipelineText("proposed", text));
  EXPECT_TRUE(parts.ok()) << parts.status() << "\n" << text;
  return parts.ok() ? std::move(parts->config) : std::make_unique<Pipeline>();
}

TEST(Init, ProposesForPicturesWhatSuitsThem) {
  const TestFolder folder;
  for (int i = 0; i < 60; ++i) {
    WritePicture(folder / absl::StrCat("data/", i % 3 == 0 ? "cat" : "dog", "/", i, ".png"), 90 + i,
                 120, i, false);
  }
  fs::copy(folder / "data/cat/0.png", folder / "data/dog/copy.png");
  std::ofstream(folder / "data/dog/broken.png") << "no picture";
  const auto proposed =
      ProposePipeline({.data = folder / "data", .name = "animals", .hours = 1000});
  ASSERT_TRUE(proposed.ok()) << proposed.status();
  EXPECT_THAT(
      proposed->text,
      AllOf(HasSubstr("62 pictures in 2 classes"), HasSubstr("1 is a copy of another"),
            HasSubstr("1 cannot be read, left out; " + folder.path()), HasSubstr("HorizontalFlip"),
            HasSubstr("hue: 0.1"), HasSubstr("RandomGrayscale"), HasSubstr("height: 64"),
            HasSubstr("96 or 128 sees more"), HasSubstr(", evaluation aside")));
  const auto config = Config(proposed->text);
  EXPECT_EQ(config->name(), "animals");
  EXPECT_EQ(config->views().count(), 2);
  EXPECT_EQ(config->evaluate().validation(), 0.1);
  EXPECT_GE(config->train().batch_size(), 4);
}

TEST(Init, GreyPicturesOfSignsAreNeitherColouredNorMirrored) {
  const TestFolder folder;
  for (int i = 0; i < 40; ++i) {
    WritePicture(folder / absl::StrCat("data/", i % 2, "/", i, ".png"), 20, 24, i, true);
  }
  const absl::StatusOr<DataFacts> facts = LookAtData(folder / "data/");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->channels, 1);
  EXPECT_EQ(facts->height, 20);
  EXPECT_EQ(facts->width, 24);
  EXPECT_EQ(facts->samples, 40);
  for (const Method method : {Method::kSimclr, Method::kAutoencoder}) {
    for (const Architecture& architecture : Architectures(method, *facts)) {
      const Timing timing{.step_seconds = 0.01, .threads = 2};
      const std::string text = PipelineText("signs", method, *facts, architecture,
                                            ChooseLength(method, *facts, timing, 8), timing, 8);
      Config(text);
      EXPECT_THAT(text, Not(HasSubstr("pretext.HorizontalFlip")));
      EXPECT_THAT(text, Not(HasSubstr("RandomGrayscale")));
      if (method == Method::kSimclr) {
        EXPECT_THAT(text, AllOf(HasSubstr("the classes are called 0, 1 …: letters or digits"),
                                HasSubstr("saturation: 0 hue: 0")));
      }
    }
  }
}

TEST(Init, TheLengthFollowsTheDataAndTheHours) {
  DataFacts facts;
  facts.samples = 50000;
  facts.test_samples = 10000;
  const Timing timing{.step_seconds = 0.5, .data_seconds = 0.1};
  const Length free = ChooseLength(Method::kSimclr, facts, timing, 1e5);
  EXPECT_EQ(free.batch_size, 256);
  EXPECT_EQ(free.steps_per_epoch, 45000 / 256);
  EXPECT_FALSE(free.cut);
  EXPECT_NEAR(free.Hours(timing), static_cast<double>(free.epochs) * 175 * 0.6 / 3600, 1e-9);
  const Length cut = ChooseLength(Method::kSimclr, facts, timing, 1);
  EXPECT_TRUE(cut.cut);
  EXPECT_LE(cut.Hours(timing), 1);
  EXPECT_GT(cut.Hours(timing), 0.9);
  facts.samples = 100;
  EXPECT_LE(ChooseLength(Method::kSimclr, facts, timing, 8).batch_size, 16);
}

TEST(Init, ProposesForTextByItsUnitsAndScripts) {
  const TestFolder folder;
  std::ofstream lines(folder / "lines.txt"), paragraphs(folder / "paragraphs.txt");
  for (int i = 0; i < 400; ++i) {
    lines << "the cat number " << i << " sat on mat " << i * 7 % 31 << "\n";
    paragraphs << "Кошка номер " << i << " сидела\nна коврике " << i % 17 << "\n\n";
  }
  lines.close();
  paragraphs.close();
  const absl::StatusOr<DataFacts> by_line = LookAtData(folder / "lines.txt");
  ASSERT_TRUE(by_line.ok()) << by_line.status();
  EXPECT_EQ(by_line->unit, "LINE");
  EXPECT_EQ(by_line->documents, 400);
  EXPECT_EQ(by_line->words, 400 * 8);
  EXPECT_EQ(by_line->words_per_document, 8);
  const absl::StatusOr<DataFacts> cyrillic = LookAtData(folder / "paragraphs.txt");
  ASSERT_TRUE(cyrillic.ok()) << cyrillic.status();
  EXPECT_EQ(cyrillic->unit, "PARAGRAPH");
  EXPECT_EQ(cyrillic->documents, 400);
  EXPECT_THAT(cyrillic->found, testing::Contains("letters: Cyrillic 100 %"));
  const auto proposed =
      ProposePipeline({.data = folder / "lines.txt", .name = "lines", .hours = 1});
  ASSERT_TRUE(proposed.ok()) << proposed.status();
  const auto config = Config(proposed->text);
  EXPECT_THAT(proposed->text, AllOf(HasSubstr("document: LINE"), HasSubstr("mix_documents: false"),
                                    HasSubstr("Latin 100 %"), HasSubstr("TokenMasking")));
}

// A vocabulary has room for the characters, and words without spaces are taken whole.
TEST(Init, ProposesAVocabularyThatFits) {
  const TestFolder folder;
  std::ofstream chinese(folder / "chinese.txt"), letters(folder / "letters.txt");
  for (int i = 0; i < 200; ++i) {
    for (int k = 0; k < 29; ++k) {
      const int c = 0x4E00 + (i * 29 + k * k) % 1300;
      chinese << static_cast<char>(0xE0 | c >> 12) << static_cast<char>(0x80 | (c >> 6 & 63))
              << static_cast<char>(0x80 | (c & 63));
    }
    chinese << "\n";
    for (int k = 0; k < 300; ++k) letters << "ACGT"[(i >> (k % 8) & 1) + k % 3];
    for (int k = 0; k < 5; ++k) letters << " GATTACA";
    letters << "\n";
  }
  chinese.close();
  letters.close();
  const auto text = [&](const char* name) {
    const auto proposed = ProposePipeline({.data = folder / name, .name = "t", .hours = 0.01});
    EXPECT_TRUE(proposed.ok()) << proposed.status();
    return proposed.ok() ? proposed->text : "";
  };
  EXPECT_THAT(text("chinese.txt"), HasSubstr("size: 4096 alphabet_limit: 6000"));
  EXPECT_THAT(text("letters.txt"), AllOf(HasSubstr("max_word_characters: 300"),
                                         HasSubstr("200 words have more than 100 characters")));
}

TEST(Init, FoldersOfAPictureOrTwoAreNoClasses) {
  const TestFolder folder;
  for (int i = 0; i < 40; ++i)
    WritePicture(folder / absl::StrCat("p/", i, "/1.png"), 8, 8, i, false);
  const absl::StatusOr<DataFacts> facts = LookAtData(folder / "p");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->classes, 0);
  EXPECT_THAT(facts->fields, HasSubstr("labels: NONE"));
}

// Writes numbers as .npy: of type <f4, <i4 or |u1.
void WriteArray(const std::string& path, const std::string& shape, const std::string& type,
                int64_t size) {
  std::string header =
      absl::StrCat("{'descr': '", type, "', 'fortran_order': False, 'shape': (", shape, "), }");
  header.resize((header.size() + 11 + 63) / 64 * 64 - 11, ' ');
  header += '\n';
  std::ofstream file(path, std::ios::binary);
  file << "\x93NUMPY\x01" << '\0' << static_cast<char>(header.size() % 256)
       << static_cast<char>(header.size() / 256) << header;
  for (int64_t i = 0; i < size; ++i) {
    const float value = 3.0f * std::sin(0.7f * static_cast<float>(i));
    const auto label = static_cast<int32_t>(i % 3);
    if (type == "<f4") file.write(reinterpret_cast<const char*>(&value), sizeof(value));
    if (type == "<i4") file.write(reinterpret_cast<const char*>(&label), sizeof(label));
    if (type == "|u1") file.put(static_cast<char>(i * 37 % 251));
  }
}

TEST(Init, ProposesAnAutoencoderForArrays) {
  const TestFolder folder;
  const auto propose = [&](const std::string& name) {
    const auto proposed = ProposePipeline({.data = folder / name, .name = "table"});
    EXPECT_TRUE(proposed.ok()) << proposed.status();
    return proposed.ok() ? proposed->text : "";
  };
  WriteArray(folder / "table.npy", "200, 12", "<f4", 2400);
  const std::string table = propose("table.npy");
  EXPECT_THAT(table, AllOf(HasSubstr("pretext.Arrays"), HasSubstr("STANDARDIZE"),
                           HasSubstr("held_out: 0.1"), HasSubstr("code: 3"),
                           HasSubstr("pretext.MlpDecoder"), Not(HasSubstr("labels:"))));
  EXPECT_EQ(Config(table)->name(), "table");
  // As `pretext embed` writes them.
  WriteArray(folder / "table.labels.npy", "200,", "<i4", 200);
  EXPECT_THAT(propose("table.npy"), HasSubstr("table.labels.npy"));
  WriteArray(folder / "bytes.npy", "64, 3, 8, 8", "|u1", 64 * 192);
  const std::string bytes = propose("bytes.npy");
  EXPECT_THAT(bytes,
              AllOf(HasSubstr("ConvDecoder"), HasSubstr("SIGMOID"), Not(HasSubstr("STANDARDIZE"))));
  EXPECT_TRUE(Config(bytes)->has_encoder());
  WriteArray(folder / "images.npy", "64, 2, 8, 8", "<f4", 64 * 128);
  const std::string images = propose("images.npy");
  EXPECT_THAT(images,
              AllOf(HasSubstr("ConvDecoder"), HasSubstr("STANDARDIZE"), Not(HasSubstr("SIGMOID"))));
  EXPECT_TRUE(Config(images)->has_encoder());

  EXPECT_THAT(Fault(folder / "table.npy", "simclr"), HasSubstr("take autoencoder"));
  EXPECT_THAT(Fault(folder / "table.npy", "masked_lm"), HasSubstr("take autoencoder"));
  WriteArray(folder / "few.npy", "3, 4", "<f4", 12);
  EXPECT_THAT(Fault(folder / "few.npy"), HasSubstr("has 3 samples; at least 32"));
  WriteArray(folder / "one.npy", "300,", "<f4", 300);
  EXPECT_THAT(Fault(folder / "one.npy"), HasSubstr("[N, D] or [N, C, H, W]"));
  std::ofstream(folder / "none.safetensors") << "no tensors";
  EXPECT_THAT(Fault(folder / "none.safetensors"), HasSubstr("none.safetensors"));
}

TEST(Init, BadDataAreClearFaults) {
  const TestFolder folder;
  fs::create_directories(folder / "empty");
  EXPECT_THAT(Fault(folder / "no"), HasSubstr("no: there is nothing"));
  EXPECT_THAT(Fault(folder / "empty"), HasSubstr("there are no pictures in it"));
  EXPECT_THAT(Fault("/dev/null"), HasSubstr("neither a file nor a folder"));
  WritePicture(folder / "few/1.png", 8, 8, 1, false);
  EXPECT_THAT(Fault(folder / "few"), HasSubstr("has 1 picture that can be read; at least 32"));
  std::ofstream(folder / "copies.txt") << "one line as the others are\n";
  for (int i = 0; i < 300; ++i)
    std::ofstream(folder / "copies.txt", std::ios::app) << "\none line as the others are\n";
  EXPECT_THAT(Fault(folder / "copies.txt"), HasSubstr("documents, 300 of them copies of another"));
  for (int i = 0; i < 200; ++i) {
    std::ofstream(folder / "table.csv", std::ios::app) << "a,b,c\n1,2,3\n";
    std::ofstream(folder / "numbers.txt", std::ios::app) << i << " 1.5 -2e3 7 8 9\n";
  }
  for (const char* const table : {"table.csv", "numbers.txt"})
    EXPECT_THAT(Fault(folder / table), HasSubstr("looks like a table, not a text"));
  EXPECT_THAT(Fault(folder / "few/1.png"), HasSubstr("is one picture; give the folder"));
  const std::string idx = {0, 0, 8, 1, 0, 0, 0, 2, 1, 1};
  std::ofstream(folder / "labels") << idx;
  EXPECT_THAT(Fault(folder / "labels"), HasSubstr("found IDX labels"));
  std::ofstream(folder / "broken.txt") << "a few words\n";
  EXPECT_THAT(Fault(folder / "broken.txt"), HasSubstr("has 3 words in 1 document"));
  std::ofstream(folder / "data.bin") << std::string(5000, '\0');
  EXPECT_THAT(Fault(folder / "data.bin"), HasSubstr("NUL bytes"));
  for (int i = 0; i < 40; ++i) WritePicture(folder / absl::StrCat("p/", i, ".png"), 8, 8, i, false);
  EXPECT_THAT(Fault(folder / "p", "masked_lm"),
              HasSubstr("holds pictures; take simclr or autoenc"));
  EXPECT_THAT(Fault(folder / "p", "simclrr"), HasSubstr("did you mean simclr?"));
  // In the proposal's comments too a name stays on its line.
  fs::rename(folder / "p", folder / "two\nlines");
  EXPECT_TRUE(
      ProposePipeline({.data = folder / "two\nlines", .method = "autoencoder", .name = "x"}).ok());
  fs::rename(folder / "two\nlines", folder / "p");
  std::ofstream(folder / "p/a.png") << "damaged";
  for (int i = 0; i < 40; ++i) std::ofstream(folder / absl::StrCat("p/", i, ".png")) << "damaged";
  EXPECT_THAT(Fault(folder / "p"), HasSubstr("none of 41 pictures can be read"));
}

}  // namespace
}  // namespace pretext
