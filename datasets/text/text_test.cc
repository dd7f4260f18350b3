#include "datasets/text/text.h"

#include <omp.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "absl/strings/match.h"
#include "datasets/text/corpus.h"
#include "datasets/text/text.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "tokenizers/word_piece/word_piece.pb.h"

namespace pretext {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr char kSample[] = "datasets/text/testdata/sample.txt";

class TextTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }

  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    return folder_ + "/" + name;
  }

  // A config in text format over one that is right.
  Text Config(const std::string& overrides = "") const {
    Text config;
    config.add_files(kSample);
    config.set_sequence_length(16);
    config.set_held_out(0.2);
    config.set_cache_directory(folder_ + "/cache");
    WordPiece word_piece;
    word_piece.mutable_learn()->set_size(300);
    config.mutable_tokenizer()->PackFrom(word_piece);
    Text more;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(overrides, &more));
    if (more.files_size() > 0) config.clear_files();
    config.MergeFrom(more);
    return config;
  }

  static std::unique_ptr<Dataset> Loaded(const Text& config) {
    absl::StatusOr<std::unique_ptr<Dataset>> dataset = TextDataset::Create(config, {});
    EXPECT_TRUE(dataset.ok()) << dataset.status();
    if (!dataset.ok()) return nullptr;
    const absl::Status status = (*dataset)->Load();
    EXPECT_TRUE(status.ok()) << status;
    return status.ok() ? *std::move(dataset) : nullptr;
  }

  static std::string CreateMessage(const Text& config, const BuildContext& context = {}) {
    return std::string(TextDataset::Create(config, context).status().message());
  }

  static std::string LoadMessage(const Text& config) {
    absl::StatusOr<std::unique_ptr<Dataset>> dataset = TextDataset::Create(config, {});
    EXPECT_TRUE(dataset.ok()) << dataset.status();
    return dataset.ok() ? std::string((*dataset)->Load().message()) : "";
  }

  static std::vector<std::vector<int32_t>> Sequences(const Dataset& dataset, Split split) {
    std::vector<std::vector<int32_t>> all;
    Sample sample;
    for (int64_t i = 0; i < dataset.size(split); ++i) {
      EXPECT_TRUE(dataset.Read(split, i, sample).ok());
      EXPECT_EQ(sample.index, i);
      EXPECT_EQ(sample.type, dataset.type());
      EXPECT_EQ(sample.tokens.size(), dataset.type().tokens);
      EXPECT_EQ(std::count(sample.tokens.begin(), sample.tokens.end(),
                           dataset.tokenizer()->special().pad),
                dataset.type().tokens - sample.length);
      all.push_back(sample.tokens);
    }
    return all;
  }

  std::vector<std::string> CacheFiles() const {
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(folder_ + "/cache"))
      files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
  }

  std::string folder_;
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_F(TextTest, EveryDocumentIsInOneSplit) {
  const Text config = Config("mix_documents: false sequence_length: 256");
  const auto dataset = Loaded(config);
  ASSERT_NE(dataset, nullptr);
  EXPECT_EQ(dataset->type(), FlowType::Tokens(256, 300));
  EXPECT_EQ(dataset->tokenizer()->vocabulary_size(), 300);

  // What the documents are, told without the reader.
  std::set<std::string> expected;
  std::istringstream sample(ReadFile(kSample));
  std::string document;
  std::vector<int32_t> ids;
  const auto add = [&] {
    ids.clear();
    dataset->tokenizer()->Encode(document, ids);
    if (!ids.empty()) expected.insert(dataset->tokenizer()->Decode(ids));
    document.clear();
  };
  for (std::string line; std::getline(sample, line); document += line + "\n") {
    if (line.empty()) add();
  }
  add();

  std::set<std::string> seen;
  const auto& special = dataset->tokenizer()->special();
  for (const Split split : {Split::kTrain, Split::kTest}) {
    for (const std::vector<int32_t>& sequence : Sequences(*dataset, split)) {
      ids.clear();
      for (const int32_t id : sequence) {
        if (id != special.cls && id != special.sep && id != special.pad) ids.push_back(id);
      }
      EXPECT_LT(ids.size(), 250);  // so that no document goes over into a second sequence
      EXPECT_TRUE(seen.insert(dataset->tokenizer()->Decode(ids)).second)
          << "in both splits, or twice";
    }
  }
  EXPECT_GT(expected.size(), 40);
  EXPECT_EQ(seen, expected);
  EXPECT_GT(dataset->size(Split::kTest), 0);
  EXPECT_LT(dataset->size(Split::kTest), dataset->size(Split::kTrain));
  EXPECT_NEAR(dataset->characters_per_token(Split::kTrain), 3, 1.5);
}

TEST_F(TextTest, SecondLoadComesFromTheCache) {
  const Text config = Config();
  const auto first = Loaded(config);
  ASSERT_NE(first, nullptr);
  EXPECT_THAT(first->Summary(), HasSubstr("learnt in"));
  EXPECT_THAT(first->Summary(), HasSubstr("tokenized in"));
  EXPECT_EQ(CacheFiles().size(), 2);
  const auto second = Loaded(config);
  ASSERT_NE(second, nullptr);
  EXPECT_THAT(second->Summary(), HasSubstr("vocabulary 300; "));
  EXPECT_THAT(second->Summary(), HasSubstr("tokens from the cache"));
  EXPECT_EQ(second->tokenizer()->Serialize(), first->tokenizer()->Serialize());
  for (const Split split : {Split::kTrain, Split::kTest}) {
    EXPECT_EQ(Sequences(*second, split), Sequences(*first, split));
  }
  EXPECT_EQ(CacheFiles().size(), 2);
}

TEST_F(TextTest, TheCacheDoesNotDependOnThreads) {
  std::vector<std::string> files[2];
  for (const int threads : {1, 3}) {
    omp_set_num_threads(threads);
    ASSERT_NE(Loaded(Config()), nullptr);
    for (const std::string& path : CacheFiles()) files[threads / 2].push_back(ReadFile(path));
    fs::remove_all(folder_ + "/cache");
  }
  ASSERT_EQ(files[0].size(), 2);
  EXPECT_EQ(files[0], files[1]);
}

TEST_F(TextTest, DamagedCachesAreMadeAgain) {
  const Text config = Config();
  const auto expected = Sequences(*Loaded(config), Split::kTrain);
  for (const bool truncate : {true, false}) {
    for (const std::string& path : CacheFiles()) {
      const std::string whole = ReadFile(path);
      std::string damaged = whole;
      if (truncate) {
        damaged.resize(whole.size() / 2);
      } else {
        damaged[100] ^= 0x20;
      }
      std::ofstream(path, std::ios::binary) << damaged;
      const auto dataset = Loaded(config);
      ASSERT_NE(dataset, nullptr);
      EXPECT_EQ(Sequences(*dataset, Split::kTrain), expected);
      EXPECT_EQ(ReadFile(path), whole);
    }
  }
}

TEST_F(TextTest, AnythingElseHasACacheOfItsOwn) {
  const std::string text = ReadFile(kSample);
  const std::string path = Write("corpus.txt", text);
  const std::string file = "files: \"" + path + "\" ";
  ASSERT_NE(Loaded(Config(file)), nullptr);
  EXPECT_EQ(CacheFiles().size(), 2);
  // Only the tokens change with the vocabulary's place; with the text, both.
  size_t files = 2;
  for (const std::string change :
       {"document: LINE", "held_out: 0.3", "max_document_bytes: 4096",
        "cleanup { collapse_whitespace: false }", "cleanup { remove { open: \"(\" close: \")\" } }",
        "cleanup { remove { open: \"(\" close: \")\" max_bytes: 9 } }",
        "cleanup { replace { from: \"(\" to: \")\" } }"}) {
    ASSERT_NE(Loaded(Config(file + change)), nullptr);
    EXPECT_EQ(CacheFiles().size(), files += 2) << change;
  }
  Write("corpus.txt", text + "\n\nOne more.\n");
  ASSERT_NE(Loaded(Config(file)), nullptr);
  EXPECT_EQ(CacheFiles().size(), files += 2);
  // How tokens are packed is no matter of the cache.
  ASSERT_NE(Loaded(Config(file + "mix_documents: false")), nullptr);
  EXPECT_EQ(CacheFiles().size(), files);
}

TEST_F(TextTest, TheCacheIsOfTheBytesNotOfNamesAndTimes) {
  const std::string text = ReadFile(kSample);
  const std::string path = Write("corpus.txt", text);
  const auto time = fs::last_write_time(path);
  ASSERT_NE(Loaded(Config("files: \"" + path + "\"")), nullptr);
  EXPECT_EQ(CacheFiles().size(), 2);
  // The same bytes under another name and time.
  ASSERT_NE(Loaded(Config("files: \"" + Write("copy.txt", text) + "\"")), nullptr);
  EXPECT_EQ(CacheFiles().size(), 2);
  // Other bytes, as many, with the same name and time.
  std::string changed = text;
  changed[changed.find('e')] = 'a';
  Write("corpus.txt", changed);
  fs::last_write_time(path, time);
  ASSERT_NE(Loaded(Config("files: \"" + path + "\"")), nullptr);
  EXPECT_EQ(CacheFiles().size(), 4);
}

TEST_F(TextTest, WhatIsNoTextIsLeftOutAndSaid) {
  fs::create_directories(folder_ + "/mixed");
  Write("mixed/corpus.txt", ReadFile(kSample));
  Write("mixed/picture.png", std::string("\x89PNG\0\1\2", 7));
  const auto dataset = Loaded(Config("files: \"" + folder_ + "/mixed\""));
  ASSERT_NE(dataset, nullptr);
  EXPECT_THAT(dataset->Summary(),
              HasSubstr("1 file is no text (NUL bytes in it) and was left out: "));
  EXPECT_THAT(dataset->Summary(), HasSubstr("/mixed/picture.png"));
  EXPECT_THAT(dataset->Summary(), testing::Not(HasSubstr("[UNK]")));
  EXPECT_THAT(LoadMessage(Config("files: \"" + folder_ + "/mixed/picture.png\"")),
              HasSubstr("picture.png: holds NUL bytes"));
}

TEST_F(TextTest, AVocabularyThatDoesNotFitIsSaid) {
  WordPiece word_piece;
  word_piece.set_vocabulary(Write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n"));
  std::string text;
  for (int i = 0; i < 40; ++i) text += "a a b a\n\n";
  Text config = Config("files: \"" + Write("corpus.txt", text) + "\" held_out: 0");
  config.mutable_tokenizer()->PackFrom(word_piece);
  for (int i = 0; i < 2; ++i) {  // the second time from the cache
    const auto dataset = Loaded(config);
    ASSERT_NE(dataset, nullptr);
    EXPECT_THAT(dataset->Summary(), HasSubstr("warning: 25.0 % of the tokens are [UNK]"));
  }
}

// Documents go to a split before they are cut: all of one is on one side, and nothing is lost.
TEST_F(TextTest, LongDocumentsAreSplitBeforeTheyAreCut) {
  std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n", text;
  for (int i = 0; i < 60; ++i) {
    const std::string word = "w" + std::to_string(i);
    vocabulary += word + "\n";
    for (int k = 0; k < 100; ++k) text += word + " ";  // 300 bytes and more
    text += "\n\n";
  }
  WordPiece word_piece;
  word_piece.set_vocabulary(Write("vocab.txt", vocabulary));
  Text config = Config("files: \"" + Write("corpus.txt", text) + "\" max_document_bytes: 64");
  config.mutable_tokenizer()->PackFrom(word_piece);
  const auto dataset = Loaded(config);
  ASSERT_NE(dataset, nullptr);
  std::map<int32_t, int> words[2];
  for (const Split split : {Split::kTrain, Split::kTest}) {
    for (const auto& sequence : Sequences(*dataset, split)) {
      for (const int32_t id : sequence) {
        if (id > 4) ++words[split == Split::kTest ? 1 : 0][id];
      }
    }
  }
  EXPECT_EQ(words[0].size() + words[1].size(), 60u);
  EXPECT_TRUE(words[1].size() >= 2 && words[1].size() <= 30) << words[1].size();
  for (const auto& side : words) {
    for (const auto& [word, count] : side) EXPECT_EQ(count, 100) << word;
  }
}

TEST_F(TextTest, WideVocabularies) {
  // More than 2^16 pieces: ids of 32 bits.
  std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (int i = 0; i < 70000; ++i) vocabulary += "w" + std::to_string(i) + "\n";
  WordPiece word_piece;
  word_piece.set_vocabulary(Write("vocab.txt", vocabulary));
  std::string text;
  for (int i = 0; i < 60; ++i) text += "w" + std::to_string(69999 - i) + "\n\n";
  Text config = Config("files: \"" + Write("corpus.txt", text) + "\"");
  config.mutable_tokenizer()->PackFrom(word_piece);
  const auto dataset = Loaded(config);
  ASSERT_NE(dataset, nullptr);
  int64_t most = 0;
  for (const auto& sequence : Sequences(*dataset, Split::kTrain)) {
    for (const int32_t id : sequence) most = std::max<int64_t>(most, id);
  }
  EXPECT_GT(most, 1 << 16);
}

TEST_F(TextTest, CleansAndReports) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "word" + std::to_string(i) + " \\gone\\ caf\xE9\n\n";
  text += "twin\n\ntwin\n\ntwin\n\n";
  const auto dataset = Loaded(Config("files: \"" + Write("corpus.txt", text) +
                                     "\" cleanup { remove { open: \"\\\\\" close: \"\\\\\" } }"));
  ASSERT_NE(dataset, nullptr);
  EXPECT_THAT(dataset->Summary(), HasSubstr("50 ill-formed UTF-8 or UTF-16 sequences replaced"));
  EXPECT_THAT(dataset->Summary(), HasSubstr("4% of the documents are repeats"));
  EXPECT_THAT(dataset->tokenizer()->Serialize(), testing::Not(HasSubstr("gone")));
  EXPECT_THAT(dataset->tokenizer()->Serialize(), HasSubstr("word"));
}

TEST_F(TextTest, SaysWhatIsWrongWithTheConfig) {
  EXPECT_THAT(CreateMessage(Text()), HasSubstr("files: is missing"));
  EXPECT_THAT(CreateMessage(Text()), HasSubstr("tokenizer: is missing"));
  const std::string message = CreateMessage(Config(
      "files: \"/nonexistent/x\" files: \"\" sequence_length: 2 held_out: 1 max_document_bytes: 3 "
      "cleanup { remove { close: \"a\" max_bytes: 0 } replace {} }"));
  for (const char* fault : {"files[0]: /nonexistent/x", "files[1]: ", "sequence_length: ",
                            "held_out: ", "max_document_bytes: ", "cleanup.remove[0].open: ",
                            "cleanup.remove[0].max_bytes: ", "cleanup.replace[0].from: "}) {
    EXPECT_THAT(message, HasSubstr(fault));
  }
  Text config = Config();
  config.mutable_tokenizer()->PackFrom(WordPiece());
  EXPECT_THAT(CreateMessage(config), HasSubstr("tokenizer.vocabulary: is missing"));
}

TEST_F(TextTest, AnEmptyCorpusIsAnError) {
  EXPECT_THAT(LoadMessage(Config("files: \"" + Write("empty.txt", "") + "\"")),
              HasSubstr("the corpus is empty"));
  EXPECT_THAT(
      LoadMessage(Config("files: \"" + Write("blank.txt", "\n \n\t\n") + "\"")),
      AllOf(HasSubstr("learning the vocabulary of "), HasSubstr("blank.txt: there are no words")));
  WordPiece word_piece;
  word_piece.set_vocabulary(Write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n"));
  Text config = Config("files: \"" + Write("blank.txt", "\n \n\t\n") + "\"");
  config.mutable_tokenizer()->PackFrom(word_piece);
  EXPECT_THAT(LoadMessage(config), HasSubstr("the corpus is empty"));
  EXPECT_FALSE(fs::exists(folder_ + "/cache") && !CacheFiles().empty());
}

TEST_F(TextTest, ASplitWithoutDocumentsIsAnError) {
  const std::string file = "files: \"" + Write("one.txt", "just one document") + "\" ";
  EXPECT_THAT(LoadMessage(Config(file)), HasSubstr("held_out: 0.2 of 1 documents leaves none for"));
  const auto dataset = Loaded(Config(file + "held_out: 0"));
  ASSERT_NE(dataset, nullptr);
  EXPECT_EQ(dataset->size(Split::kTest), 0);
  EXPECT_GT(dataset->size(Split::kTrain), 0);
}

// Whether the one is held out depends on what is in it.
TEST_F(TextTest, AVocabularyThatNothingIsLeftForIsSaid) {
  std::string message;
  for (int i = 0; i < 100 && !absl::StrContains(message, "learning"); ++i) {
    const std::string text = absl::StrCat("just one document about ", i);
    message = LoadMessage(Config("files: \"" + Write(absl::StrCat(i, ".txt"), text) + "\" "));
  }
  EXPECT_THAT(message, HasSubstr("held_out keeps the one document of the text"));
}

TEST_F(TextTest, ACacheThatCannotBeWrittenIsAnError) {
  const auto dataset = TextDataset::Create(Config("cache_directory: \"" + folder_ + "/c\""), {});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  Write("c", "a file that came between");
  EXPECT_THAT(std::string((*dataset)->Load().message()), HasSubstr("the cache cannot be written"));
}

TEST_F(TextTest, ACacheThatCanBeNoFolderIsAFaultAtItsField) {
  for (const std::string& path : {std::string("/dev/null/cache"), std::string(300, 'x')}) {
    const Text config = Config("cache_directory: \"" + path + "\"");
    EXPECT_THAT(CreateMessage(config), testing::StartsWith("cache_directory: "));
    // A run that is used needs no cache until it is trained on.
    BuildContext of_a_run;
    of_a_run.run_directory = folder_;
    EXPECT_EQ(CreateMessage(config, of_a_run), "");
  }
}

TEST_F(TextTest, ExportsItsSequences) {
  const auto dataset = Loaded(Config());
  ASSERT_NE(dataset, nullptr);
  for (const Split split : {Split::kTrain, Split::kTest}) {
    const std::string path = folder_ + "/ids.npy";
    ASSERT_TRUE(ExportTokens(*dataset, split, path).ok());
    const std::string file = ReadFile(path);
    std::vector<int32_t> expected;
    for (const std::vector<int32_t>& ids : Sequences(*dataset, split)) {
      expected.insert(expected.end(), ids.begin(), ids.end());
    }
    EXPECT_THAT(file, HasSubstr("(" + std::to_string(dataset->size(split)) + ", 16)"));
    ASSERT_EQ(file.size(), 128 + 4 * expected.size());  // after a header of two times 64 bytes
    EXPECT_EQ(std::memcmp(file.data() + 128, expected.data(), 4 * expected.size()), 0);
  }
  EXPECT_FALSE(ExportTokens(*dataset, Split::kTest, "/nonexistent/ids.npy").ok());
}

TEST_F(TextTest, TheVocabularyIsOfTheTrainingTextAlone) {
  // The letters of a held-out document are in no piece, unless a training document has them.
  std::string text;
  for (int i = 0; i < 26; ++i) text += std::string(1, static_cast<char>('a' + i)) + "\n\n";
  const auto dataset =
      Loaded(Config("files: \"" + Write("letters.txt", text) + "\" mix_documents: false"));
  ASSERT_NE(dataset, nullptr);
  std::set<int32_t> held_out;
  for (const auto& sequence : Sequences(*dataset, Split::kTest))
    held_out.insert(sequence.begin(), sequence.end());
  const auto& special = dataset->tokenizer()->special();
  EXPECT_GT(dataset->size(Split::kTest), 0);
  EXPECT_EQ(held_out, (std::set<int32_t>{special.cls, special.sep, special.pad, special.unknown}));
}

TEST_F(TextTest, ARunNeedsNoCorpusUntilItLoads) {
  const auto dataset = Loaded(Config());
  ASSERT_NE(dataset, nullptr);
  Write("vocab.txt", dataset->tokenizer()->Serialize());
  BuildContext context;
  context.run_directory = folder_;
  const auto of_run = TextDataset::Create(Config("files: \"/nonexistent/x\""), context);
  ASSERT_TRUE(of_run.ok()) << of_run.status();
  EXPECT_FALSE((*of_run)->tokenizer()->needs_training());
  EXPECT_EQ((*of_run)->tokenizer()->Serialize(), dataset->tokenizer()->Serialize());
  EXPECT_FALSE((*of_run)->Load().ok());
  // With the corpus there it finds the tokens of the run.
  const auto resumed = TextDataset::Create(Config(), context);
  ASSERT_TRUE(resumed.ok());
  ASSERT_TRUE((*resumed)->Load().ok());
  EXPECT_THAT((*resumed)->Summary(), HasSubstr("tokens from the cache"));
}

}  // namespace
}  // namespace pretext
