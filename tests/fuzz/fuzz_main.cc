// fuzz_test RUNS MEMORY_MB FILE...: gives ReadFuzzed the files, and RUNS changed ones that are the
// same each time. PRETEXT_FUZZ_RUNS, PRETEXT_FUZZ_SEED: other ones than those of the test.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/check/sanitizers.h"
#include "base/file/read_file.h"
#include "base/random/random.h"
#include "tests/fuzz/byte_mutator.h"
#include "tests/fuzz/coverage.h"
#include "tests/fuzz/fuzz.h"

namespace pretext::testing {

__attribute__((weak)) std::vector<std::string> MadeFiles() { return {}; }
__attribute__((weak)) void FitChecksums(std::string&) {}

std::string FileOf(const std::string& bytes) {
  static const int file = memfd_create("fuzzed", MFD_CLOEXEC);
  EXPECT_EQ(ftruncate(file, 0), 0);
  EXPECT_EQ(pwrite(file, bytes.data(), bytes.size(), 0), bytes.size());
  return absl::StrCat("/proc/self/fd/", file);
}

namespace {

constexpr unsigned kMostSeconds = 60;  // For one file, on a slow machine under a sanitizer.

std::vector<std::string> arguments;
std::string changed;     // What is being read.
std::string crash_path;  // Where it is left when that ends the process.

int64_t FromEnvironment(const char* name, int64_t otherwise) {
  const char* value = std::getenv(name);
  int64_t number = 0;
  return value != nullptr && absl::SimpleAtoi(value, &number) ? number : otherwise;
}

int64_t PeakBytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * int64_t{1024};
}

// Leaves the bytes that ended the process where they can be read again.
void OnDeath(int signal) {
  const int file = open(crash_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  bool written = write(file, changed.data(), changed.size()) >= 0;
  for (const std::string* text : {&crash_path, &arguments[0]}) {
    written = write(STDERR_FILENO, text->data(), text->size()) >= 0 && written;
    written = write(STDERR_FILENO, "\n", 1) >= 0 && written;
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void WatchForDeath() {
  const char* folder = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  crash_path = absl::StrCat(folder != nullptr ? folder : "/tmp", "/fuzzed-", getpid());
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGALRM}) {
    std::signal(signal, OnDeath);
  }
}

std::vector<std::string> ReadCorpus() {
  std::vector<std::string> files = MadeFiles();
  for (const std::string& file : files) EXPECT_TRUE(ReadFuzzed(file)) << absl::CHexEscape(file);
  for (size_t i = 2; i < arguments.size(); ++i) {
    const auto bytes = ReadFile(arguments[i]);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    if (!bytes.ok()) continue;
    EXPECT_TRUE(ReadFuzzed(*bytes)) << arguments[i];
    files.push_back(*bytes);
  }
  return files;
}

TEST(Fuzz, NoFileIsTooMuchForTheReader) {
  int64_t runs = 0, memory_mb = 0;
  ASSERT_TRUE(arguments.size() >= 2 && absl::SimpleAtoi(arguments[0], &runs) &&
              absl::SimpleAtoi(arguments[1], &memory_mb));
  runs = FromEnvironment("PRETEXT_FUZZ_RUNS", runs);
  const auto seed = static_cast<uint64_t>(FromEnvironment("PRETEXT_FUZZ_SEED", 4));
  const std::vector<std::string> corpus = ReadCorpus();
  ASSERT_FALSE(corpus.empty() || HasFailure());
  size_t most = 0;
  for (const std::string& file : corpus) most = std::max(most, 2 * file.size());
  // With what went ways through the reader that nothing before went.
  std::vector<std::string> from = corpus;
  const int64_t before = PeakBytes();
  int64_t right = 0;
  for (int64_t i = 0; i < runs; ++i) {
    Random random({.seed = seed, .sample = static_cast<uint64_t>(i)});
    changed = MutateBytes(from[random.Below(static_cast<uint32_t>(from.size()))], corpus, random);
    if (random.Below(2) == 0) FitChecksums(changed);
    TakeNewEdges();
    alarm(kMostSeconds);
    right += ReadFuzzed(changed);
    alarm(0);
    if (HasFailure()) FAIL() << "run " << i << ": " << absl::CHexEscape(changed);
    if (TakeNewEdges() && changed.size() <= most) from.push_back(changed);
  }
  if (!kSanitizerTakesMemory) {
    EXPECT_LT(PeakBytes() - before, memory_mb << 20);
  }
  std::printf("%ld changed files, %ld of them right; %zu led further; %ld MB\n",
              static_cast<long>(runs), static_cast<long>(right), from.size() - corpus.size(),
              static_cast<long>((PeakBytes() - before) >> 20));
}

}  // namespace
}  // namespace pretext::testing

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  pretext::testing::arguments.assign(argv + 1, argv + argc);
  pretext::testing::WatchForDeath();
  return RUN_ALL_TESTS();
}
