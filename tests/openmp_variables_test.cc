// A training gives the same result under every variable that OpenMP has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

#include "tests/program.h"

namespace pretext {
namespace {

// The last line's loss of a training of one epoch.
double Loss(const std::string& run) {
  WriteScratchFile(run + ".textproto", SmallAutoencoder(run));
  const ProgramResult result =
      RunProgram({"train", run + ".textproto", "--override", "train { epochs: 1 log_every: 1 }"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  const std::string metrics = FileContents("runs/" + run + "/metrics.jsonl");
  const size_t at = metrics.rfind("\"loss\":");
  EXPECT_NE(at, std::string::npos) << metrics << result.output;
  return at == std::string::npos ? NAN : std::strtod(metrics.c_str() + at + 7, nullptr);
}

TEST(OpenMpVariables, ChangeNothing) {
  // The number of threads is the same for all: libraries split their sums by it.
  setenv("OMP_NUM_THREADS", "2", 1);
  unsetenv("OMP_WAIT_POLICY");
  const double expected = Loss("as_it_is");
  EXPECT_GT(expected, 0);
  const std::pair<const char*, const char*> settings[] = {{"OMP_DYNAMIC", "true"},
                                                          {"OMP_MAX_ACTIVE_LEVELS", "0"},
                                                          {"OMP_MAX_ACTIVE_LEVELS", "3"},
                                                          {"OMP_NESTED", "true"},
                                                          {"OMP_PROC_BIND", "true"},
                                                          {"OMP_PLACES", "cores"},
                                                          {"OMP_SCHEDULE", "dynamic,1"},
                                                          {"OMP_STACKSIZE", "256k"},
                                                          {"OMP_CANCELLATION", "true"},
                                                          {"OMP_WAIT_POLICY", "active"},
                                                          {"OMP_WAIT_POLICY", "passive"},
                                                          {"GOMP_SPINCOUNT", "0"},
                                                          {"OMP_TARGET_OFFLOAD", "default"},
                                                          {"OMP_TEAMS_THREAD_LIMIT", "1"},
                                                          {"OMP_NUM_TEAMS", "1"},
                                                          {"GOMP_CPU_AFFINITY", "0"},
                                                          {"OMP_DISPLAY_ENV", "true"},
                                                          {"OMP_MAX_TASK_PRIORITY", "1"},
                                                          {"OMP_DEFAULT_DEVICE", "1"},
                                                          {"OMP_THREAD_LIMIT", "2"}};
  int number = 0;
  for (const auto& [name, value] : settings) {
    SCOPED_TRACE(std::string(name) + "=" + value);
    setenv(name, value, 1);
    EXPECT_EQ(Loss("setting" + std::to_string(number++)), expected);
    unsetenv(name);
  }
  // Fewer threads than asked for: another order of the libraries' sums.
  setenv("OMP_THREAD_LIMIT", "1", 1);
  EXPECT_NEAR(Loss("limit"), expected, 1e-5 * expected);
  unsetenv("OMP_THREAD_LIMIT");
}

// The program chooses where the environment does not.
TEST(OpenMpVariables, HowThreadsWaitIsSaid) {
  setenv("OMP_NUM_THREADS", "2", 1);
  WriteScratchFile("waiting.textproto", SmallAutoencoder("waiting"));
  const auto said = [](const char* name, const char* value) {
    if (name != nullptr) setenv(name, value, 1);
    const ProgramResult result =
        RunProgram({"train", "waiting.textproto", "--override", "train { steps: 1 }"});
    if (name != nullptr) unsetenv(name);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return result.output;
  };
  using testing::HasSubstr;
  EXPECT_THAT(said(nullptr, nullptr),
              HasSubstr("2 threads wait by spinning 2000 turns, then sleeping\n"));
  EXPECT_THAT(said("OMP_WAIT_POLICY", "passive"), HasSubstr("wait by sleeping (OMP_WAIT_POLICY"));
  EXPECT_THAT(said("OMP_WAIT_POLICY", "active"), HasSubstr("wait by spinning (OMP_WAIT_POLICY"));
  EXPECT_THAT(said("GOMP_SPINCOUNT", "7"), HasSubstr("spinning 7 turns, then sleeping (GOMP"));
}

}  // namespace
}  // namespace pretext
