#include "datasets/text/inspect.h"

#include "base/file/file_writer.h"
#include "base/file/testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class InspectTest : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / name, bytes).ok());
  }
  absl::StatusOr<Corpus> Inspect(const std::vector<std::string>& named) {
    const auto files = ListTextFiles(folder_.path());
    EXPECT_TRUE(files.ok()) << files.status();
    return InspectCorpus(*files, named);
  }
  uint64_t Checksum(const std::string& bytes) {
    Write("x", bytes);
    const auto corpus = InspectCorpus(*ListTextFiles(folder_ / "x"), {});
    EXPECT_TRUE(corpus.ok()) << corpus.status();
    return corpus->text[0].checksum;
  }

  const TestFolder folder_;
};

TEST_F(InspectTest, FilesThatAreNoTextAreLeftOutByName) {
  Write("a.txt", "text");
  Write("b.png", std::string("\x89PNG\0\0", 6));
  Write("late.bin", std::string(600000, 'x') + std::string(1, '\0'));
  Write("wide.txt", std::string("\xFF\xFE"
                                "a\0b\0",
                                6));
  Write("unmarked.txt", std::string("a\0b\0", 4));
  const auto corpus = Inspect({folder_.path()});
  ASSERT_TRUE(corpus.ok()) << corpus.status();
  std::vector<std::string> kept;
  for (const TextFile& file : corpus->files()) kept.push_back(file.path);
  EXPECT_THAT(kept, ElementsAre(folder_ / "a.txt", folder_ / "wide.txt"));
  EXPECT_THAT(corpus->left_out,
              ElementsAre(folder_ / "b.png", folder_ / "late.bin", folder_ / "unmarked.txt"));
  EXPECT_THAT(corpus->LeftOut(), HasSubstr("3 files are no text (NUL bytes in them) and were left "
                                           "out: "));
  EXPECT_THAT(corpus->LeftOut(), HasSubstr("/b.png, "));
}

TEST_F(InspectTest, AFileThatWasNamedIsRefused) {
  Write("a.txt", "text");
  Write("b.png", std::string("\0", 1));
  EXPECT_THAT(std::string(Inspect({folder_ / "b.png"}).status().message()),
              HasSubstr("/b.png: holds NUL bytes"));
}

TEST_F(InspectTest, ACorpusWithoutTextIsAnError) {
  Write("b.png", std::string("\0", 1));
  EXPECT_THAT(std::string(Inspect({}).status().message()), HasSubstr("/b.png"));
}

TEST_F(InspectTest, TheChecksumIsOfTheBytes) {
  const uint64_t one = Checksum("the same number of bytes");
  EXPECT_EQ(one, Checksum("the same number of bytes"));
  EXPECT_NE(one, Checksum("the same number of bytez"));
  EXPECT_NE(one, Checksum("the same numbre of bytes"));
}

}  // namespace
}  // namespace pretext
