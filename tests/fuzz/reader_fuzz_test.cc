// Feeds the readers of text, vocabularies, tokenizers' options, gzip and safetensors with mutated
// files: none may crash, hang, take the memory that a damaged length asks for, or pass on what the
// readers promise not to. PRETEXT_FUZZ_RUNS: how many files each reader is given.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/file/read_file.h"
#include "base/unicode/text_decoder.h"
#include "base/unicode/unicode.h"
#include "core/tensor/safetensors.h"
#include "datasets/text/document_reader.h"
#include "datasets/text/inspect.h"
#include "gtest/gtest.h"
#include "tests/fuzz/byte_mutator.h"
#include "tokenizers/word_piece/options_file.h"
#include "tokenizers/word_piece/word_piece.h"
#include "tokenizers/word_piece/word_piece.pb.h"

namespace pretext::testing {
namespace {

constexpr char kCorpus[] = "tests/fuzz/corpus/readers/";

int Runs() {
  const char* runs = std::getenv("PRETEXT_FUZZ_RUNS");
  int number = 0;
  return runs != nullptr && absl::SimpleAtoi(runs, &number) ? number : 3000;
}

int64_t PeakBytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * int64_t{1024};
}

std::string Scratch(const std::string& bytes) {
  static const std::string path = absl::StrCat(std::getenv("TEST_TMPDIR"), "/mutated");
  std::FILE* file = std::fopen(path.c_str(), "wb");
  EXPECT_NE(file, nullptr);
  EXPECT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
  EXPECT_EQ(std::fclose(file), 0);
  return path;
}

// Gives `read` every file of the corpus whose name ends so, then mutated ones. `read` returns
// whether the file was right.
void Fuzz(const std::vector<std::string>& endings,
          const std::function<bool(const std::string& bytes)>& read) {
  std::vector<std::string> files, others;
  const auto names = ListFolder(kCorpus);
  ASSERT_TRUE(names.ok()) << names.status();
  for (const std::string& name : *names) {
    const auto bytes = ReadFile(kCorpus + name);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    others.push_back(*bytes);
    for (const std::string& ending : endings) {
      if (!absl::EndsWith(name, ending)) continue;
      EXPECT_TRUE(read(*bytes)) << name;
      files.push_back(*bytes);
    }
  }
  ASSERT_FALSE(files.empty());
  const int64_t before = PeakBytes();
  const int runs = Runs();
  int right = 0;
  for (int i = 0; i < runs; ++i) {
    Random random({.seed = 4, .sample = static_cast<uint64_t>(i)});
    const std::string& file = files[random.Below(static_cast<uint32_t>(files.size()))];
    const std::string mutated = MutateBytes(file, others, random);
    right += read(mutated);
    if (::testing::Test::HasFailure()) FAIL() << "run " << i << ": " << absl::CHexEscape(mutated);
  }
  // The files have some hundred bytes; the bound leaves room for a sanitizer's quarantine.
  EXPECT_LT(PeakBytes() - before, int64_t{512} << 20);
  std::printf("%d mutated files, %d of them right\n", runs, right);
}

TEST(ReaderFuzzTest, Text) {
  Fuzz({"unix.txt", "windows.txt", "mac.txt", "_le.txt", "_be.txt", "latin1.txt", "members.gz"},
       [](const std::string& bytes) {
         const std::string path = Scratch(bytes);
         const auto files = ListTextFiles(path);
         if (!files.ok() || files->empty()) return false;
         const auto corpus = InspectCorpus(*files, {});
         if (!corpus.ok()) {
           EXPECT_TRUE(absl::StrContains(corpus.status().message(), path)) << corpus.status();
           return false;
         }
         for (const auto unit : {DocumentOptions::Unit::kParagraph, DocumentOptions::Unit::kFile}) {
           DocumentReader reader(corpus->files(), {.unit = unit, .max_document_bytes = 64});
           for (std::vector<std::string> documents;;) {
             const absl::Status status = reader.Next(documents);
             EXPECT_TRUE(status.ok()) << status << ", but it was whole a moment ago";
             if (!status.ok() || documents.empty()) break;
             for (const std::string& document : documents) {
               EXPECT_EQ(ValidUtf8Prefix(document), document.size());
               EXPECT_EQ(document.find('\0'), std::string::npos);
               EXPECT_EQ(document.find('\r'), std::string::npos);
               EXPECT_FALSE(document.empty());
             }
           }
         }
         return true;
       });
}

TEST(ReaderFuzzTest, Vocabulary) {
  Fuzz({"vocab.txt", "vocab_windows.txt", "vocab.txt.gz"}, [](const std::string& bytes) {
    WordPiece config;
    config.set_vocabulary(Scratch(bytes));
    const auto tokenizer = WordPieceTokenizer::Create(config, {});
    if (!tokenizer.ok()) {
      EXPECT_TRUE(absl::StartsWith(tokenizer.status().message(), "vocabulary: "))
          << tokenizer.status();
      return false;
    }
    const std::string text = (*tokenizer)->Serialize();
    const auto again = WordPieceVocabulary::Parse(text);
    EXPECT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->ToText(), text);
    std::vector<int32_t> ids;
    (*tokenizer)->Encode(bytes, ids);
    for (const int32_t id : ids) {
      EXPECT_GE(id, 0);
      EXPECT_LT(id, (*tokenizer)->vocabulary_size());
      EXPECT_NE(id, (*tokenizer)->special().mask) << "text is never a mask";
    }
    return true;
  });
}

TEST(ReaderFuzzTest, OptionsOfATokenizer) {
  Fuzz({"tokenizer_config.json"}, [](const std::string& bytes) {
    const std::string path = Scratch(bytes);
    const auto options = ReadRememberedOptions(path);
    if (!options.ok()) {
      EXPECT_TRUE(absl::StartsWith(options.status().message(), path));
    }
    return options.ok();
  });
}

TEST(ReaderFuzzTest, Safetensors) {
  Fuzz({".safetensors"}, [](const std::string& bytes) {
    const auto file = ParseTensors("f", bytes);
    if (!file.ok()) {
      EXPECT_TRUE(absl::StrContains(file.status().message(), "f")) << file.status();
      return false;
    }
    const std::string written = SerializeTensors(*file);
    const auto again = ParseTensors("f", written);
    EXPECT_TRUE(again.ok()) << again.status();
    if (again.ok()) {
      EXPECT_EQ(SerializeTensors(*again), written);
    }
    return true;
  });
}

TEST(ReaderFuzzTest, LinesOfAFile) {
  Fuzz({".txt"}, [](const std::string& bytes) {
    const auto text = DecodeText(bytes);
    if (!text.ok()) return false;
    EXPECT_EQ(text->find('\0'), std::string::npos);
    EXPECT_EQ(text->find('\r'), std::string::npos);
    // In two halves, the same.
    std::string halves;
    TextDecoder decoder;
    decoder.Append(std::string_view(bytes).substr(0, bytes.size() / 2), halves);
    decoder.Append(std::string_view(bytes).substr(bytes.size() / 2), halves);
    decoder.Finish(halves);
    EXPECT_EQ(halves, *text);
    return true;
  });
}

}  // namespace
}  // namespace pretext::testing
