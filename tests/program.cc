#include "tests/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/random/random.h"

namespace pretext {
namespace {

constexpr int kTrain = 512, kTest = 64, kSide = 8;

std::string BigEndian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

// Class c lights a quarter of the picture; noise everywhere.
void WriteIdx(const std::string& name, int count, uint64_t seed) {
  Random random({.seed = seed});
  std::string images = BigEndian(0x803) + BigEndian(count) + BigEndian(kSide) + BigEndian(kSide);
  std::string labels = BigEndian(0x801) + BigEndian(count);
  for (int i = 0; i < count; ++i) {
    const uint32_t c = random.Below(4);
    labels += static_cast<char>(c);
    for (uint32_t y = 0; y < kSide; ++y) {
      for (uint32_t x = 0; x < kSide; ++x) {
        const bool lit = (y / 4) * 2 + x / 4 == c;
        images += static_cast<char>((lit ? 180 : 20) + random.Below(60));
      }
    }
  }
  WriteScratchFile(name + "-images", images);
  WriteScratchFile(name + "-labels", labels);
}

}  // namespace

const std::string& ScratchFolder() {
  static const std::string* const folder = [] {
    auto* path = new std::string(testing::TempDir() + "/program." + std::to_string(getpid()));
    std::filesystem::create_directories(*path);
    return path;
  }();
  return *folder;
}

void WriteScratchFile(const std::string& path, const std::string& contents) {
  std::ofstream(ScratchFolder() + "/" + path, std::ios::binary) << contents;
}

std::string SmallLanguageModel(const std::string& name, int vocabulary, const std::string& rest) {
  return "name: \"" + name +
         R"pb("
              dataset {
                [type.googleapis.com/pretext.Text] {
                  files: "corpus.txt"
                  tokenizer {
                    [type.googleapis.com/pretext.WordPiece] { learn { size:)pb" +
         std::to_string(vocabulary) +
         R"pb(}
              }
                  }
                  sequence_length: 32
                  held_out: 0.1
                  cache_directory: "cache"
                }
              }
              views {
                augmentation {
                  [type.googleapis.com/pretext.TokenMasking] {}
                }
              }
              encoder {
                [type.googleapis.com/pretext.Transformer] { layers: 1 width: 32 heads: 2 }
              }
              head {
                [type.googleapis.com/pretext.MaskedLanguageModel] {}
              }
              loss {
                [type.googleapis.com/pretext.MaskedCrossEntropy] {}
              }
         )pb" +
         rest;
}

std::string FileContents(const std::string& path) {
  std::ifstream file(ScratchFolder() + "/" + path, std::ios::binary);
  std::ostringstream contents;
  contents << file.rdbuf();
  return contents.str();
}

std::string SmallImages(const std::string& name) {
  if (!std::filesystem::exists(ScratchFolder() + "/train-images")) {
    WriteIdx("train", kTrain, 1);
    WriteIdx("test", kTest, 2);
  }
  return "name: \"" + name +
         R"pb("
              dataset {
                [type.googleapis.com/pretext.IdxImages] {
                  images: "train-images"
                  labels: "train-labels"
                  test_images: "test-images"
                  test_labels: "test-labels"
                }
              })pb";
}

std::string SmallAutoencoder(const std::string& name) {
  return SmallImages(name) +
         R"pb(
    views {
      augmentation {
        [type.googleapis.com/pretext.GaussianNoise] {}
      }
    }
    encoder {
      [type.googleapis.com/pretext.Mlp] { hidden: 16 code: 4 dropout: 0.1 }
    }
    head {
      [type.googleapis.com/pretext.MlpDecoder] { hidden: 16 }
    }
    loss {
      [type.googleapis.com/pretext.MeanSquaredError] {}
    }
    optimizer {
      [type.googleapis.com/pretext.Adam] {}
    }
    train { epochs: 2 batch_size: 64 log_every: 1 }
         )pb";
}

namespace {

std::string PathOf(const std::string& program) {
  return std::filesystem::absolute(std::string(std::getenv("TEST_SRCDIR")) + "/pretext/" + program);
}

std::vector<std::string> Joined(std::vector<std::string> words,
                                const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// command[0] is a path, or found by PATH.
ProgramResult Run(const std::string& output, std::vector<std::string> command,
                  const std::function<void(pid_t)>& while_running) {
  const std::string log = ScratchFolder() + "/output.txt";
  const pid_t child = fork();
  if (child == 0) {
    const int said = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(output.empty() ? said : open(output.c_str(), O_WRONLY), STDOUT_FILENO);
    dup2(said, STDERR_FILENO);
    std::vector<char*> words;
    for (std::string& word : command) words.push_back(word.data());
    words.push_back(nullptr);
    setenv("BUILD_WORKING_DIRECTORY", ScratchFolder().c_str(), 1);
    // Several processes of MPI on the cores of one test, as root where there is no other user.
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    execvp(words[0], words.data());
    _exit(127);
  }
  int state = 0;
  while (waitpid(child, &state, while_running ? WNOHANG : 0) == 0) {
    while_running(child);
    usleep(2000);
  }
  ProgramResult result;
  result.exit_code = WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
  result.output = FileContents("output.txt");
  return result;
}

}  // namespace

ProgramResult RunProgram(const std::vector<std::string>& arguments,
                         const std::function<void(pid_t)>& while_running) {
  return Run("", Joined({PathOf("pretext")}, arguments), while_running);
}

ProgramResult RunProgramUnder(const std::vector<std::string>& launcher, const std::string& program,
                              const std::vector<std::string>& arguments,
                              const std::function<void(pid_t)>& while_running) {
  return Run("", Joined(Joined(launcher, {PathOf(program)}), arguments), while_running);
}

std::vector<pid_t> ChildrenOf(pid_t parent) {
  const std::string of = std::to_string(parent);
  std::ifstream file("/proc/" + of + "/task/" + of + "/children");
  std::vector<pid_t> children;
  for (pid_t child; file >> child;) children.push_back(child);
  return children;
}

ProgramResult RunProgramInto(const std::string& path, const std::vector<std::string>& arguments) {
  return Run(path, Joined({PathOf("pretext")}, arguments), nullptr);
}

}  // namespace pretext
