#include "tokenizers/word_piece/word_piece.h"

#include <cstdio>
#include <fstream>
#include <map>
#include <numeric>
#include <sstream>

#include "base/file/testing.h"
#include "base/random/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tokenizers/word_piece/word_piece.pb.h"

namespace pretext {
namespace {

constexpr char kVocabulary[] = "tokenizers/word_piece/testdata/vocab.txt";
constexpr char kEncodings[] = "tokenizers/word_piece/testdata/encodings.txt";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; hex != "-" && i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::unique_ptr<Tokenizer> Make(const WordPiece& config) {
  absl::StatusOr<std::unique_ptr<Tokenizer>> made = WordPieceTokenizer::Create(config, {});
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? *std::move(made) : nullptr;
}

std::unique_ptr<Tokenizer> Small(const std::string& pieces) {
  WordPiece config;
  config.set_vocabulary(WriteFile("small.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n" + pieces));
  return Make(config);
}

std::vector<int32_t> Encode(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<int32_t> ids;
  tokenizer.Encode(text, ids);
  return ids;
}

std::string Message(const WordPiece& config, const BuildContext& context = {}) {
  return std::string(WordPieceTokenizer::Create(config, context).status().message());
}

struct GoldenCase {
  std::string options, form, text;
  std::vector<int32_t> ids;
};

std::vector<GoldenCase> GoldenCases() {
  std::vector<GoldenCase> cases;
  std::istringstream file(ReadFile(kEncodings));
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    GoldenCase golden;
    std::string hex;
    fields >> golden.options >> golden.form >> hex;
    golden.text = FromHex(hex);
    for (int32_t id; fields >> id;) golden.ids.push_back(id);
    cases.push_back(golden);
  }
  return cases;
}

std::unique_ptr<Tokenizer> ForOptions(const std::string& options, const std::string& form,
                                      const std::string& vocabulary = kVocabulary) {
  const auto has = [&](char c) { return options.find(c) != std::string::npos; };
  const std::map<std::string, WordPiece::Normalization> forms = {{"none", WordPiece::NONE},
                                                                 {"nfc", WordPiece::NFC},
                                                                 {"nfd", WordPiece::NFD},
                                                                 {"nfkc", WordPiece::NFKC},
                                                                 {"nfkd", WordPiece::NFKD}};
  WordPiece config;
  config.set_vocabulary(vocabulary);
  config.set_lower_case(has('l'));
  config.set_strip_accents(has('a'));
  config.set_split_cjk(has('c'));
  config.set_clean(has('k'));
  config.set_normalization(forms.at(form));
  return Make(config);
}

TEST(WordPieceTest, EncodesLikeAnIndependentImplementation) {
  const std::vector<GoldenCase> cases = GoldenCases();
  ASSERT_EQ(cases.size(), 700);
  std::map<std::string, std::unique_ptr<Tokenizer>> tokenizers;
  int64_t pieces = 0, unknown = 0;
  for (const GoldenCase& golden : cases) {
    std::unique_ptr<Tokenizer>& tokenizer = tokenizers[golden.options + " " + golden.form];
    if (tokenizer == nullptr) tokenizer = ForOptions(golden.options, golden.form);
    ASSERT_NE(tokenizer, nullptr);
    const std::vector<int32_t> ids = Encode(*tokenizer, golden.text);
    EXPECT_EQ(ids, golden.ids) << golden.options << " " << golden.form << ": " << golden.text;
    // Once more from the memo.
    EXPECT_EQ(Encode(*tokenizer, golden.text), golden.ids);
    pieces += ids.size();
    unknown += std::count(ids.begin(), ids.end(), tokenizer->special().unknown);
  }
  EXPECT_EQ(tokenizers.size(), 13);
  // The cases exercise both outcomes.
  EXPECT_GT(pieces, 5000);
  EXPECT_GT(unknown, 200);
  EXPECT_LT(unknown, pieces / 4);
}

TEST(WordPieceTest, EncodesLikeHuggingFace) {
  // Options, hexadecimal text, ids: written by huggingface_golden.js with their library.
  std::istringstream file(ReadFile("tokenizers/word_piece/testdata/huggingface_encodings.txt"));
  std::map<std::string, std::unique_ptr<Tokenizer>> tokenizers;
  int64_t cases = 0, pieces = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string options, hex;
    fields >> options >> hex;
    std::vector<int32_t> expected;
    for (int32_t id; fields >> id;) expected.push_back(id);
    std::unique_ptr<Tokenizer>& tokenizer = tokenizers[options];
    if (tokenizer == nullptr) {
      tokenizer =
          ForOptions(options, "none", "tokenizers/word_piece/testdata/huggingface_vocab.txt");
      ASSERT_NE(tokenizer, nullptr);
    }
    EXPECT_EQ(Encode(*tokenizer, FromHex(hex)), expected) << options << " " << hex;
    ++cases;
    pieces += static_cast<int64_t>(expected.size());
  }
  EXPECT_EQ(tokenizers.size(), 16);
  EXPECT_GT(cases, 2500);
  EXPECT_GT(pieces, 15000);
}

TEST(WordPieceTest, OneTextIsItsDocumentsOneAfterTheOther) {
  const auto tokenizer = ForOptions("lack", "none");
  std::string all;
  std::vector<int32_t> expected;
  for (const GoldenCase& golden : GoldenCases()) {
    if (golden.options != "lack" || golden.form != "none") continue;
    all += golden.text + "\n";
    expected.insert(expected.end(), golden.ids.begin(), golden.ids.end());
  }
  EXPECT_EQ(Encode(*tokenizer, all), expected);
}

TEST(WordPieceTest, AsciiRulesAreAShortcut) {
  // Random text of all sorts: words found by the ASCII rules are those
  // of the whole Unicode treatment.
  const std::vector<std::string> parts = {
      "a",          "B",      "z9",     " ",       "\t",
      "\n",         "\r",     "'",      "-",       "[",
      "\x01",       "\x0b",   "\x1c",   "\x7f",    std::string(1, '\0'),
      "\u00e9",     "\u0301", "\u00a0", "\u2028",  "\u4e2d",
      "\u0130",     "\u03a3", "\ufb01", "\ufffd",  "\u200b",
      "\U0001F600", "\u2014", "\xff",   "\xe2\x82"};
  Random random({.seed = 9});
  int64_t words = 0;
  for (int options = 0; options < 32; ++options) {
    const BasicTokenizer tokenizer(
        {.lower_case = (options & 1) != 0,
         .strip_accents = (options & 2) != 0,
         .split_cjk = (options & 4) != 0,
         .clean = (options & 8) != 0,
         .normalization = (options & 16) != 0 ? Normalization::kNfc : Normalization::kNone});
    for (int trial = 0; trial < 200; ++trial) {
      std::string text;
      for (uint32_t i = 0, n = random.Below(30); i < n; ++i)
        text += parts[random.Below(parts.size())];
      const std::vector<std::string> found = tokenizer.Tokenize(text);
      EXPECT_EQ(found, tokenizer.TokenizeChunk(text)) << text;
      words += found.size();
    }
  }
  EXPECT_GT(words, 10000);
}

TEST(WordPieceTest, ThreadsShareATokenizer) {
  const auto tokenizer = ForOptions("lack", "none");
  std::vector<GoldenCase> cases;
  for (GoldenCase& golden : GoldenCases()) {
    if (golden.options == "lack" && golden.form == "none") cases.push_back(std::move(golden));
  }
  ASSERT_GT(cases.size(), 30);
  int wrong = 0;
#pragma omp parallel for num_threads(4) reduction(+ : wrong)
  for (int i = 0; i < 2000; ++i) {
    const GoldenCase& golden = cases[i % cases.size()];
    std::vector<int32_t> ids;
    tokenizer->Encode(golden.text, ids);
    wrong += ids != golden.ids;
  }
  EXPECT_EQ(wrong, 0);
}

TEST(WordPieceTest, LongestMatchFirst) {
  const auto tokenizer = Small("un\n##aff\n##able\n##a\nunaf\nwant\n##want\n##ed\nwa\n##nt\n");
  const auto pieces = [&](std::string_view text) {
    std::string joined;
    for (const int32_t id : Encode(*tokenizer, text)) {
      joined += std::string(tokenizer->Token(id)) + " ";
    }
    return joined;
  };
  EXPECT_EQ(pieces("unwanted"), "un ##want ##ed ");
  EXPECT_EQ(pieces("wanted"), "want ##ed ");
  // "unaf" is longer than "un", and then nothing fits: greedy, so unknown.
  EXPECT_EQ(pieces("unaffable"), "[UNK] ");
  EXPECT_EQ(pieces("want unwantedX"), "want [UNK] ");
  EXPECT_EQ(tokenizer->Decode(Encode(*tokenizer, "Unwanted want")), "unwanted want");
}

TEST(WordPieceTest, KnowsItsPieces) {
  const auto tokenizer = Small("un\n##ed\n##\n#\n[unused0]\n[unused7]\n[unused]\n[unusedx]\n");
  const Tokenizer::SpecialIds special = tokenizer->special();
  EXPECT_EQ(special.pad, 0);
  EXPECT_EQ(special.unknown, 1);
  EXPECT_EQ(special.cls, 2);
  EXPECT_EQ(special.sep, 3);
  EXPECT_EQ(special.mask, 4);
  ASSERT_EQ(tokenizer->vocabulary_size(), 13);
  const bool is_special[] = {true,  true,  true, true, true,  false, false,
                             false, false, true, true, false, false};
  for (int id = 0; id < 13; ++id) {
    EXPECT_EQ(tokenizer->is_special(id), is_special[id]) << tokenizer->Token(id);
    EXPECT_EQ(tokenizer->is_continuation(id), id == 6) << tokenizer->Token(id);
  }
  EXPECT_FALSE(tokenizer->needs_training());
  EXPECT_EQ(tokenizer->Train(nullptr).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(WordPieceTest, VocabularyFileRoundTrips) {
  const std::string text = ReadFile(kVocabulary);
  const auto tokenizer = ForOptions("lack", "none");
  EXPECT_EQ(tokenizer->Serialize(), text);
  EXPECT_EQ(tokenizer->vocabulary_size(), std::count(text.begin(), text.end(), '\n'));
  EXPECT_TRUE(tokenizer->Restore(text).ok());
  // Without the last newline, and with Windows' line ends.
  std::string windows;
  for (const char c : text) windows += c == '\n' ? "\r\n" : std::string(1, c);
  windows.resize(windows.size() - 2);
  EXPECT_TRUE(tokenizer->Restore(windows).ok());
  EXPECT_EQ(tokenizer->Serialize(), text);
}

TEST(WordPieceTest, RejectsWhatIsNoVocabulary) {
  const auto message = [](const std::string& text) {
    WordPiece config;
    config.set_vocabulary(WriteFile("bad.txt", text));
    return Message(config);
  };
  const std::string specials = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  EXPECT_THAT(message(specials + "a\n\nb\n"),
              testing::HasSubstr("line 7 of the vocabulary is empty"));
  EXPECT_THAT(message(specials + "a\nb\na\n"),
              testing::HasSubstr("\"a\" is on line 6 of the vocabulary and on line 8"));
  EXPECT_THAT(message(specials + "\xff\n"),
              testing::HasSubstr("line 6 of the vocabulary is not UTF-8"));
  EXPECT_THAT(message("[PAD]\n[UNK]\na\n"), testing::HasSubstr("lacks [CLS], [SEP], [MASK]"));
  EXPECT_THAT(message(""), testing::HasSubstr("an empty file"));
  WordPiece config;
  config.set_vocabulary("/nonexistent/vocab.txt");
  EXPECT_THAT(Message(config), testing::HasSubstr("vocabulary: /nonexistent/vocab.txt: "));
}

// A tokenizer of that config that has learnt a small vocabulary.
std::unique_ptr<Tokenizer> Learnt(const WordPiece& config) {
  auto learnt = Make(config);
  std::vector<std::string> text = {"caf\u00e9"};
  EXPECT_TRUE(learnt
                  ->Train([&](std::vector<std::string>& documents) {
                    documents = std::exchange(text, {});
                    return absl::OkStatus();
                  })
                  .ok());
  return learnt;
}

TEST(WordPieceTest, AVocabularyIsUsedWithTheOptionsItWasLearntWith) {
  WordPiece learning;
  learning.mutable_learn()->set_size(20);
  learning.set_strip_accents(false);
  learning.set_clean(false);
  learning.set_max_word_characters(50);
  const auto learnt = Learnt(learning);
  const std::string path = testing::TempDir() + "/remembered.txt";
  ASSERT_TRUE(SaveTokenizer(*learnt, path).ok());
  WordPiece config;
  config.set_vocabulary(path);
  EXPECT_THAT(Message(config), testing::HasSubstr("strip_accents: is true, but " + path +
                                                  " was learnt with strip_accents: false"));
  EXPECT_THAT(Message(config), testing::HasSubstr("clean: is true"));
  EXPECT_THAT(Message(config), testing::HasSubstr("max_word_characters: is 100, but " + path +
                                                  " was learnt with max_word_characters: 50"));
  config.set_strip_accents(false);
  config.set_clean(false);
  config.set_max_word_characters(50);
  EXPECT_TRUE(WordPieceTokenizer::Create(config, {}).ok());
  config.set_lower_case(false);
  EXPECT_THAT(Message(config), testing::HasSubstr("lower_case: is false"));
}

// What BertTokenizer would make anew, of its own options, has the whole tokenizer beside it.
TEST(WordPieceTest, AFolderOpensInHuggingFaceWithItsOptions) {
  const TestFolder folder;
  WordPiece config;
  config.mutable_learn()->set_size(20);
  const std::string path = folder / "vocab.txt", whole = folder / "tokenizer.json";
  ASSERT_TRUE(SaveTokenizer(*Learnt(config), path).ok());
  EXPECT_EQ(ReadFile(whole), "");
  EXPECT_THAT(ReadFile(folder / "tokenizer_config.json"), testing::HasSubstr("BertTokenizer"));

  config.set_normalization(WordPiece::NFKC);
  const auto composed = Learnt(config);
  ASSERT_TRUE(SaveTokenizer(*composed, path).ok());
  EXPECT_THAT(ReadFile(folder / "tokenizer_config.json"),
              testing::HasSubstr("PreTrainedTokenizerFast"));
  EXPECT_THAT(ReadFile(whole), testing::HasSubstr("NFKC"));
  const auto& huggingface = dynamic_cast<const HuggingFaceTokenizer&>(*composed);
  EXPECT_EQ(huggingface.CheckHuggingFaceFiles(folder.path()), absl::OkStatus());

  // One of an earlier vocabulary would be read in place of this.
  config.clear_normalization();
  ASSERT_TRUE(SaveTokenizer(*Learnt(config), path).ok());
  EXPECT_THAT(ReadFile(whole), testing::Not(testing::HasSubstr("NFKC")));
  ASSERT_EQ(std::remove(path.c_str()), 0);
  ASSERT_EQ(std::remove((folder / "tokenizer_config.json").c_str()), 0);
  EXPECT_THAT(std::string(CheckOptionsAreFree(*Learnt(config), path).message()),
              testing::HasSubstr("tokenizer.json: is there already"));
}

TEST(WordPieceTest, AMarkedVocabularyIsTheSame) {
  const std::string pieces = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n";
  WordPiece config;
  config.set_vocabulary(WriteFile("marked.txt", "\xEF\xBB\xBF" + pieces));
  EXPECT_EQ(Make(config)->Serialize(), pieces);
  config.set_vocabulary(WriteFile("nul.txt", pieces + std::string(1, '\0')));
  EXPECT_THAT(Message(config), testing::HasSubstr("nul.txt: holds NUL bytes"));
}

TEST(WordPieceTest, RejectsBadConfigs) {
  WordPiece config;
  EXPECT_THAT(Message(config),
              testing::HasSubstr("vocabulary: is missing: name a vocab.txt, or write learn"));
  config.set_vocabulary("");
  EXPECT_THAT(Message(config), testing::HasSubstr("vocabulary: must be given; it is empty"));
  config.set_vocabulary(kVocabulary);
  config.mutable_learn();
  config.set_max_word_characters(0);
  EXPECT_THAT(Message(config), testing::HasSubstr("exclude each other"));
  EXPECT_THAT(Message(config), testing::HasSubstr("max_word_characters"));
  config.Clear();
  config.mutable_learn()->set_size(3);
  config.mutable_learn()->set_min_count(0);
  config.mutable_learn()->set_alphabet_limit(-1);
  config.mutable_learn()->set_max_bytes(0);
  for (const char* field :
       {"learn.size", "learn.min_count", "learn.alphabet_limit", "learn.max_bytes"}) {
    EXPECT_THAT(Message(config), testing::HasSubstr(field));
  }
}

TEST(WordPieceTest, LearnsAndRestores) {
  WordPiece config;
  config.mutable_learn()->set_size(64);
  const auto tokenizer = Make(config);
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_TRUE(tokenizer->needs_training());
  EXPECT_EQ(tokenizer->vocabulary_size(), 64);
  const std::string untrained = tokenizer->Fingerprint();
  int batch = 0;
  const auto next = [&batch](std::vector<std::string>& documents) {
    if (batch++ < 3) documents = {"Low lower lowest", "new newer newest"};
    return absl::OkStatus();
  };
  ASSERT_TRUE(tokenizer->Train(next).ok());
  EXPECT_FALSE(tokenizer->needs_training());
  // Every word is learnt whole; what is left is filled up.
  EXPECT_EQ(tokenizer->vocabulary_size(), 64);
  EXPECT_EQ(Encode(*tokenizer, "lower NEWEST").size(), 2);
  EXPECT_EQ(tokenizer->Token(63).substr(0, 7), "[unused");
  EXPECT_TRUE(tokenizer->is_special(63));
  EXPECT_NE(tokenizer->Fingerprint(), untrained);

  const auto other = Make(config);
  ASSERT_TRUE(other->Restore(tokenizer->Serialize()).ok());
  EXPECT_FALSE(other->needs_training());
  EXPECT_EQ(other->Fingerprint(), tokenizer->Fingerprint());
  EXPECT_EQ(Encode(*other, "lower NEWEST"), Encode(*tokenizer, "lower NEWEST"));
  EXPECT_FALSE(Make(config)->Restore("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n").ok());  // too small

  // A run directory's vocabulary goes before learning.
  WriteFile("vocab.txt", tokenizer->Serialize());
  BuildContext context;
  context.run_directory = testing::TempDir();
  const auto of_run = WordPieceTokenizer::Create(config, context);
  ASSERT_TRUE(of_run.ok()) << of_run.status();
  EXPECT_FALSE((*of_run)->needs_training());
  EXPECT_EQ((*of_run)->Fingerprint(), tokenizer->Fingerprint());
}

TEST(WordPieceTest, LearnsFromTheFirstBytesOnly) {
  WordPiece config;
  config.mutable_learn()->set_size(64);
  config.mutable_learn()->set_max_bytes(10);
  const auto tokenizer = Make(config);
  int calls = 0;
  const auto next = [&calls](std::vector<std::string>& documents) {
    documents = {++calls <= 2 ? "early" : "late"};
    return absl::OkStatus();
  };
  ASSERT_TRUE(tokenizer->Train(next).ok());
  EXPECT_EQ(calls, 2);
  // Documents come by megabytes.
  const auto at_once = Make(config);
  ASSERT_TRUE(at_once
                  ->Train([](std::vector<std::string>& documents) {
                    documents = {"early", "early", "late"};
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(at_once->Fingerprint(), tokenizer->Fingerprint());
}

TEST(WordPieceTest, LearningPassesErrorsOn) {
  WordPiece config;
  config.mutable_learn()->set_size(16);
  const auto tokenizer = Make(config);
  EXPECT_EQ(tokenizer->Train([](auto&) { return absl::DataLossError("torn"); }).message(), "torn");
  EXPECT_FALSE(tokenizer->Train([](auto&) { return absl::OkStatus(); }).ok());  // no words
  EXPECT_TRUE(tokenizer->needs_training());
}

TEST(WordPieceTest, FingerprintTellsOptionsApart) {
  std::map<std::string, std::string> seen;
  for (const auto& [options, form] :
       {std::pair("lack", "none"), std::pair("ack", "none"), std::pair("lck", "none"),
        std::pair("lak", "none"), std::pair("lac", "none"), std::pair("lack", "nfc"),
        std::pair("lack", "nfkd")}) {
    seen[ForOptions(options, form)->Fingerprint()] = options;
  }
  seen[Small("a\n")->Fingerprint()] = "a";
  seen[Small("b\n")->Fingerprint()] = "b";
  EXPECT_EQ(seen.size(), 9);
}

}  // namespace
}  // namespace pretext
