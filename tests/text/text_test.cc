// The program on text: a vocabulary, token ids, and a masked language model
// that is killed and goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/random/random.h"
#include "tests/program.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

size_t Lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string Weights(const std::string& run) {
  return FileContents("runs/" + run + "/checkpoint/weights.safetensors");
}

// Sentences in which each word follows from the one before, a paragraph each. Once: a file that is
// written again is another one to a cache.
void WriteCorpus() {
  if (!FileContents("corpus.txt").empty()) return;
  const std::vector<std::string> words = {"the",     "old",   "miller", "grinds", "golden", "corn",
                                          "between", "heavy", "stones", "while",  "his",    "dog",
                                          "sleeps",  "under", "an",     "oak"};
  Random random({.seed = 8});
  std::string text;
  for (int i = 0; i < 700; ++i) {
    size_t word = random.Below(words.size());
    for (uint32_t j = 0, n = 6 + random.Below(20); j < n; ++j) {
      text += words[word] + " ";
      word = (word + 1 + (random.Below(10) == 0)) % words.size();
    }
    text += "paragraph " + std::to_string(i) + ".\n\n";
  }
  WriteScratchFile("corpus.txt", text);
}

// 2 epochs; dropout, so that its stream is resumed too.
std::string Pipeline(const std::string& name) {
  WriteCorpus();
  return SmallLanguageModel(name, 150, R"pb(
    optimizer {
      [type.googleapis.com/pretext.AdamW] { learning_rate: 3e-3 }
    }
    schedule { decay: LINEAR }
    train { epochs: 2 batch_size: 32 log_every: 1 clip_norm: 1 }
  )pb");
}

TEST(TextProgram, LearnsAVocabulary) {
  WriteCorpus();
  const ProgramResult result =
      RunProgram({"tokenizer", "train", "--vocab_size", "150", "--out", "vocab.txt", "corpus.txt"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("150 pieces from 700 documents"));
  const std::string vocabulary = FileContents("vocab.txt");
  EXPECT_THAT(vocabulary, StartsWith("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"));
  EXPECT_THAT(vocabulary, HasSubstr("\nmiller\n"));
  EXPECT_EQ(Lines(vocabulary), 150u);
  WriteScratchFile("other.tokenizer_config.json", "{}");
  for (const auto& [arguments, message] : {
           std::pair<std::vector<std::string>, std::string>{{"tokenizer", "train", "corpus.txt"},
                                                            "--out is missing"},
           {{"tokenizer", "train"}, "usage: pretext tokenizer train"},
           {{"tokenizer", "learn", "corpus.txt"}, "there is only pretext tokenizer train"},
           {{"tokenizer", "train", "--out", "v", "absent.txt"}, "absent.txt: cannot be read"},
           {{"tokenizer", "train", "--out", "v", "--vocab_size", "17", "corpus.txt"},
            "has no room"},
           {{"tokenizer", "train", "--out", "other.txt", "corpus.txt"}, "of another vocabulary"},
           {{"tokenizer", "train", "--out", "v", "--vocab_size", "3", "absent.txt"},
            "--vocab_size: must be from 16"},
       }) {
    const ProgramResult wrong = RunProgram(arguments);
    EXPECT_GT(wrong.exit_code, 0);
    EXPECT_THAT(wrong.output, HasSubstr(message));
  }
}

TEST(TextProgram, WritesTokenIds) {
  WriteScratchFile("ids.textproto", Pipeline("ids"));
  for (const std::string split : {"train", "test"}) {
    const ProgramResult result =
        RunProgram({"tokenize", "ids.textproto", "--out", "ids.npy", "--split", split});
    ASSERT_EQ(result.exit_code, 0) << result.output;
    const std::string file = FileContents("ids.npy");
    EXPECT_THAT(file.substr(0, 128), AllOf(HasSubstr("'descr': '<i4'"), HasSubstr(", 32)")));
    EXPECT_EQ((file.size() - 128) % (4 * 32), 0u);
    EXPECT_GT(file.size(), 128u);
  }
  EXPECT_THAT(RunProgram({"tokenize", "ids.textproto"}).output, HasSubstr("--out is missing"));
  EXPECT_THAT(RunProgram({"tokenize", "ids.textproto", "--out", "x", "--split", "both"}).output,
              HasSubstr("--split is train or test"));
  WriteScratchFile("images.textproto", SmallAutoencoder("images"));
  EXPECT_THAT(RunProgram({"tokenize", "images.textproto", "--out", "x"}).output,
              HasSubstr("has no tokens"));
}

TEST(TextProgram, TrainsAndResumesBitForBit) {
  WriteScratchFile("whole.textproto", Pipeline("whole"));
  const ProgramResult whole = RunProgram({"train", "whole.textproto"});
  ASSERT_EQ(whole.exit_code, 0) << whole.output;
  EXPECT_THAT(whole.output,
              AllOf(HasSubstr("vocabulary 150"), HasSubstr("masked_loss"), HasSubstr("unigram"),
                    HasSubstr("bigram"), HasSubstr("masked_bits_per_character")));
  EXPECT_THAT(FileContents("runs/whole/vocab.txt"), HasSubstr("\nmiller\n"));
  const std::string metrics = FileContents("runs/whole/metrics.jsonl");
  EXPECT_THAT(metrics, AllOf(HasSubstr("\"eval\":{\"masked_loss\":"),
                             HasSubstr("\"unigram_masked_bits_per_character\":")));
  const size_t steps = Lines(metrics) - 1;  // the last line is the evaluation
  ASSERT_GE(steps, 10u);

  WriteScratchFile("killed.textproto", Pipeline("killed"));
  bool killed = false;
  const ProgramResult first = RunProgram({"train", "killed.textproto"}, [&](pid_t child) {
    if (!killed && Lines(FileContents("runs/killed/metrics.jsonl")) >= steps / 2 + 2) {
      kill(child, SIGKILL);
      killed = true;
    }
  });
  ASSERT_EQ(first.exit_code, -SIGKILL) << "the program was faster than the test: " << first.output;
  EXPECT_THAT(first.output, HasSubstr("tokens from the cache"));
  EXPECT_FALSE(Weights("killed") == Weights("whole"));
  // The run has its vocabulary: it is not learnt again even where the cache is gone.
  std::filesystem::remove_all(ScratchFolder() + "/cache");
  const ProgramResult resumed = RunProgram({"train", "--resume", "runs/killed"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.output;
  EXPECT_THAT(resumed.output, AllOf(HasSubstr("going on at step"), Not(HasSubstr("learnt in"))));
  EXPECT_TRUE(Weights("killed") == Weights("whole"));
}

// The training loss of every step.
std::vector<double> Losses(const std::string& run) {
  const std::string metrics = FileContents("runs/" + run + "/metrics.jsonl"), key = "\"loss\":";
  std::vector<double> losses;
  for (size_t at = metrics.find(key); at != std::string::npos; at = metrics.find(key, at + 1))
    losses.push_back(std::stod(metrics.substr(at + key.size())));
  return losses;
}

// Two batches accumulated are one batch of twice the size, whatever the number of tokens masked in
// each. Plain gradient descent, since Adam makes much of roundings where a gradient is near 0: what
// the order of sums changes by 1e-7 a step grows with the steps to no more than 1e-4.
TEST(TextProgram, AccumulatedBatchesTrainLikeALargeOne) {
  const std::string plain =
      "train { epochs: 1 clip_norm: 0 } encoder { [type.googleapis.com/pretext.Transformer] { "
      "layers: 1 width: 32 heads: 2 dropout: 0 attention_dropout: 0 } } optimizer { "
      "[type.googleapis.com/pretext.Sgd] { learning_rate: 0.3 } }";
  const auto train = [&](const std::string& name, const std::string& batches) {
    WriteScratchFile(name + ".textproto", Pipeline(name));
    const ProgramResult result =
        RunProgram({"train", name + ".textproto", "--override", plain, "--override", batches});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return Losses(name);
  };
  const std::vector<double> large = train("large", "train { batch_size: 16 }"),
                            small = train("small", "train { batch_size: 4 accumulate: 4 }"),
                            other = train("other", "train { batch_size: 4 }");
  ASSERT_GE(large.size(), 10u);
  ASSERT_GE(small.size(), large.size());
  EXPECT_FALSE(!(large.back() < large.front()));
  for (size_t i = 0; i < large.size(); ++i) {
    EXPECT_FALSE(!(std::abs(small[i] - large[i]) <= 1e-4))
        << i << ": " << small[i] << " " << large[i];
  }
  EXPECT_GT(std::abs(other[3] - large[3]), 1e-3);
}

TEST(TextProgram, AnEmptyCorpusIsAnError) {
  WriteScratchFile("empty.textproto", Pipeline("empty"));
  WriteScratchFile("blank.txt", "\n\n \n");
  const ProgramResult result =
      RunProgram({"train", "empty.textproto", "--override",
                  "dataset { [type.googleapis.com/pretext.Text] { files: \"blank.txt\" } }"});
  EXPECT_GT(result.exit_code, 0);
  EXPECT_THAT(result.output, HasSubstr("there are no words to learn a vocabulary from"));
}

TEST(TextProgram, ACheckpointIsUsedLikeItsRun) {
  WriteScratchFile("best.textproto", Pipeline("best"));
  const ProgramResult trained =
      RunProgram({"train", "best.textproto", "--override",
                  "train { epochs: 1 } checkpoints { best: \"masked_loss\" }"});
  ASSERT_EQ(trained.exit_code, 0) << trained.output;
  const std::string text = "the old [MASK] grinds";
  const ProgramResult run = RunProgram({"fill-mask", "runs/best", text});
  EXPECT_EQ(run.exit_code, 0) << run.output;
  for (const char* best : {"runs/best/checkpoints/best", "runs/best/checkpoints/best/"}) {
    EXPECT_EQ(RunProgram({"fill-mask", best, text}).output, run.output);
  }
  const std::string path = "runs/best/checkpoints/best/weights.safetensors";
  std::string weights = FileContents(path);
  weights[weights.size() / 2] ^= 16;
  WriteScratchFile(path, weights);
  const ProgramResult damaged = RunProgram({"fill-mask", "runs/best/checkpoints/best", text});
  EXPECT_EQ(damaged.exit_code, 1);
  EXPECT_THAT(damaged.output, AllOf(HasSubstr(path), HasSubstr("is damaged")));
  EXPECT_THAT(RunProgram({"fill-mask", "runs", text}).output, HasSubstr("is not a run"));
  // Two pieces change places: every file is whole, and the vocabulary another.
  std::string vocabulary = FileContents("runs/best/vocab.txt");
  const size_t at = vocabulary.find("\na\nb\n");
  ASSERT_NE(at, std::string::npos);
  std::swap(vocabulary[at + 1], vocabulary[at + 3]);
  WriteScratchFile("runs/best/vocab.txt", vocabulary);
  const ProgramResult other = RunProgram({"fill-mask", "runs/best", text});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.output,
              HasSubstr("runs/best/vocab.txt: the vocabulary or its options are not those"));
}

// A file that cannot be read has a label all the same.
TEST(TextProgram, LabelsGoByTheFilesThatWereGiven) {
  WriteScratchFile("few.textproto", Pipeline("few"));
  ASSERT_EQ(RunProgram({"train", "few.textproto", "--override", "train { steps: 2 }"}).exit_code,
            0);
  WriteScratchFile("corn.txt", "golden corn between heavy stones");
  WriteScratchFile("dog.txt", "his dog sleeps under an oak");
  WriteScratchFile("files.txt",
                   "corn.txt\nabsent.txt\ndog.txt\ncorn.txt\ndog.txt\ncorn.txt\ndog.txt\n");
  WriteScratchFile("labels.txt", "mill\nmill\nyard\nmill\nyard\nmill\nyard\n");
  const std::vector<std::string> embed = {"embed",  "runs/few", "--input",  "@files.txt",
                                          "--unit", "file",     "--labels", "labels.txt",
                                          "--out",  "few.csv"};
  const ProgramResult result = RunProgram(embed);
  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("absent.txt"));
  const std::string table = FileContents("few.csv");
  EXPECT_EQ(Lines(table), 7u);
  EXPECT_THAT(table, AllOf(HasSubstr("corn.txt,0,mill,"), HasSubstr("dog.txt,1,yard,"),
                           Not(HasSubstr("dog.txt,0"))));
  // What is compressed, as a corpus may be; and bytes that are no UTF-8.
  gzFile packed = gzopen((ScratchFolder() + "/texts.gz").c_str(), "wb");
  ASSERT_EQ(gzputs(packed, "the old miller\nc\xff at\n"), 21);
  ASSERT_EQ(gzclose(packed), Z_OK);
  const ProgramResult unpacked =
      RunProgram({"embed", "runs/few", "--input", "texts.gz", "--out", "packed.csv"});
  EXPECT_EQ(unpacked.exit_code, 0) << unpacked.output;
  EXPECT_THAT(unpacked.output, HasSubstr("1 ill-formed UTF-8 or UTF-16 sequences are replaced"));
  const std::string of_packed = FileContents("packed.csv");
  EXPECT_THAT(of_packed, AllOf(HasSubstr("\nthe old miller,"), HasSubstr("\nc\xef\xbf\xbd at,")));
  // The same through standard input.
  const ProgramResult piped =
      RunProgramUnder({"sh", "-c", "exec \"$0\" \"$@\" < " + ScratchFolder() + "/texts.gz"},
                      "pretext", {"embed", "runs/few", "--input", "-", "--out", "piped.csv"});
  EXPECT_EQ(piped.exit_code, 0) << piped.output;
  EXPECT_TRUE(FileContents("piped.csv") == of_packed);
  // Of tokens it is said too what was split and what is not known.
  std::string words;
  for (int i = 0; i < 50; ++i) words += "\u4e2d ";
  WriteScratchFile("long.txt", words + "\n");
  EXPECT_THAT(RunProgram({"embed", "runs/few", "--input", "long.txt", "--layer", "tokens", "--out",
                          "long.csv"})
                  .output,
              AllOf(HasSubstr("have more than 32 tokens: each was split, and its tokens"),
                    HasSubstr("100.0 % of the tokens are [UNK]")));
  // Half a character of UTF-16 is ill-formed too.
  WriteScratchFile("wide.txt", std::string("\xFF\xFE\x3D\xD8o\0x\0\n\0", 10));
  EXPECT_THAT(RunProgram({"embed", "runs/few", "--input", "wide.txt", "--out", "wide.csv"}).output,
              HasSubstr("1 ill-formed UTF-8 or UTF-16 sequences are replaced"));
  WriteScratchFile("labels.txt", "mill\nyard\nmill\nyard\nmill\nyard\n");
  EXPECT_THAT(RunProgram(embed).output, HasSubstr("there are 6 labels for 7 texts"));
}

// What is written there is not passed over for what the run has.
TEST(TextProgram, IsMeasuredWithItsOwnTokenizer) {
  WriteScratchFile("own.textproto", Pipeline("own"));
  ASSERT_EQ(RunProgram({"train", "own.textproto", "--override", "train { steps: 2 }"}).exit_code,
            0);
  const auto eval = [](const std::string& tokenizer) {
    return RunProgram({"eval", "runs/own", "--dataset",
                       "dataset { [type.googleapis.com/pretext.Text] { files: 'corpus.txt' "
                       "sequence_length: 32 held_out: 0.1 cache_directory: 'cache' " +
                           tokenizer + " } }"});
  };
  const auto with = [](const std::string& fields) {
    return "tokenizer { [type.googleapis.com/pretext.WordPiece] { " + fields + " } }";
  };
  const ProgramResult without = eval("");
  EXPECT_EQ(without.exit_code, 0) << without.output;
  EXPECT_THAT(without.output, HasSubstr("vocabulary 150"));
  EXPECT_EQ(RunProgram({"eval", "runs/own", "--dataset", "own.textproto"}).exit_code, 0);
  const std::string vocabulary = FileContents("runs/own/vocab.txt");
  WriteScratchFile("copied.txt", vocabulary);
  WriteScratchFile("longer.txt", vocabulary + "another\n");
  for (const std::string& same : {with("learn { size: 150 }"), with("vocabulary: 'copied.txt'")}) {
    const ProgramResult result = eval(same);
    EXPECT_EQ(result.exit_code, 0) << same << result.output;
  }
  const std::string field = ": dataset.tokenizer.";
  for (const auto& [tokenizer, message] :
       {std::pair<std::string, std::string>{"learn { size: 140 }", "learn.size: is 140, and the"},
        {"learn { size: 150 } lower_case: false", "lower_case: is false, and the run was trained"},
        {"learn { size: 150 } max_word_characters: 9", "max_word_characters: is 9, and the run"},
        {"vocabulary: 'longer.txt'", "vocabulary: is \"longer.txt\", and the run was trained"},
        {"vocabulary: 'copied.txt' normalization: NFC", "normalization: is NFC, and the run"},
        {"vocabulary: 'absent.txt'", "vocabulary: absent.txt: "}}) {
    const ProgramResult result = eval(with(tokenizer));
    EXPECT_GT(result.exit_code, 0) << tokenizer << result.output;
    EXPECT_THAT(result.output, AllOf(HasSubstr("--dataset:1:"), HasSubstr(field + message),
                                     // What differs inside of it is said, not all of it.
                                     Not(HasSubstr("dataset.tokenizer: is"))));
  }
}

// Two passes of one text that dropout alone tells apart (Gao et al. 2021, "SimCSE").
TEST(TextProgram, TrainsOnViewsThatDifferByDropout) {
  WriteCorpus();
  const auto pipeline = [](const std::string& name, const std::string& dropout) {
    return "name: '" + name + "'" + R"pb(
             dataset {
               [type.googleapis.com/pretext.Text] {
                 files: "corpus.txt"
                 tokenizer {
                   [type.googleapis.com/pretext.WordPiece] { learn { size: 150 } }
                 }
                 sequence_length: 32
                 held_out: 0.1
                 cache_directory: "cache"
               }
             }
             views { count: 2 }
             head {
               [type.googleapis.com/pretext.ProjectionMlp] { output: 16 hidden_norm: false }
             }
             loss {
               [type.googleapis.com/pretext.NtXent] { temperature: 0.05 }
             }
             optimizer {
               [type.googleapis.com/pretext.AdamW] { learning_rate: 1e-3 }
             }
             train { epochs: 3 batch_size: 16 log_every: 1 }
             checkpoints { best: "test_alignment" }
             encoder {
               [type.googleapis.com/pretext.Transformer] { layers: 1 width: 32 heads: 2 pooling: CLS
                                                           pooled: true
                                                           dropout:)pb" +
           dropout + "attention_dropout: " + dropout + "} }";
  };
  const auto figure = [](const std::string& run, const std::string& name) {
    const std::string metrics = FileContents("runs/" + run + "/metrics.jsonl");
    const size_t eval = metrics.rfind("\"eval\"");
    const size_t at = metrics.find("\"" + name + "\":", eval);
    EXPECT_NE(at, std::string::npos) << name << " is not in " << metrics.substr(eval);
    return std::strtod(metrics.c_str() + at + name.size() + 3, nullptr);
  };
  WriteScratchFile("dropped.textproto", pipeline("dropped", "0.1 "));
  const ProgramResult dropped = RunProgram({"train", "dropped.textproto"});
  ASSERT_EQ(dropped.exit_code, 0) << dropped.output;
  const std::string warning = "warning: the 2 views of a sample are the same to the encoder";
  EXPECT_THAT(dropped.output, Not(HasSubstr(warning)));
  EXPECT_THAT(RunProgram({"validate", "dropped.textproto"}).output, Not(HasSubstr("warning")));
  EXPECT_THAT(dropped.output, AllOf(HasSubstr("alignment"), HasSubstr("uniformity")));
  EXPECT_GT(figure("dropped", "test_alignment"), 1e-4) << "dropout is on where it makes the views";
  EXPECT_LT(figure("dropped", "test_alignment"), 1);
  EXPECT_LT(figure("dropped", "test_uniformity"), 0) << "all alike";
  EXPECT_LT(figure("dropped", "test_loss"), std::log(31.0)) << "below chance";
  // Without dropout both views are the same, to the bit.
  WriteScratchFile("same.textproto", pipeline("same", "0 "));
  const ProgramResult same = RunProgram({"train", "same.textproto"});
  ASSERT_EQ(same.exit_code, 0) << same.output;
  EXPECT_LT(figure("same", "test_alignment"), 1e-12);
  EXPECT_THAT(same.output, HasSubstr(warning));
  EXPECT_THAT(RunProgram({"validate", "same.textproto"}).output, HasSubstr(warning));
}

}  // namespace
}  // namespace pretext
