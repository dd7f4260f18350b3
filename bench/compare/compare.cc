// Runs our programs and the peer's in turn, several rounds, and writes bench/RESULTS.md.
//
//   bazel run //bench/compare -- [--rounds 3] [--only ntxent,augment] [--out FILE]
//
// The peer is the folder in PRETEXT_PEERS (a `peer` that runs its steps.py), by default
// ../shared/peers beside the repository; without it our programs run alone.
// bench/compare/comparison.textproto says what is run.
#include <google/protobuf/text_format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "bench/compare/programs.h"
#include "bench/compare/report.h"
#include "cli/system_info.h"

ABSL_FLAG(int, rounds, 3, "How often each program is run.");
ABSL_FLAG(std::vector<std::string>, only, {}, "Runs to make, by name; all without it.");
ABSL_FLAG(std::string, out, "", "The report; bench/RESULTS.md without it.");

namespace pretext {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class Comparer {
 public:
  Comparer(std::string root, std::string binaries, std::string peers)
      : root_(std::move(root)), binaries_(std::move(binaries)), peers_(std::move(peers)) {}

  std::string Ours(const Comparison::Run& run, bool bfloat16) const {
    const std::vector<std::string> words = absl::StrSplit(run.ours(), ' ');
    std::vector<std::string> command = {run.environment(),
                                        Quoted(absl::StrCat(binaries_, "/", words[0]))};
    if (bfloat16) command.push_back("--bf16");
    for (size_t i = 1; i < words.size(); ++i) {
      const bool path = absl::EndsWith(words[i], ".textproto");
      command.push_back(Quoted(path ? absl::StrCat(root_, "/", words[i]) : words[i]));
    }
    return OutputOf(absl::StrJoin(command, " "));
  }

  // flags: beside the run's arguments.
  std::string Peer(const Comparison::Run& run, const char* flags) const {
    const bool ours = absl::StrContains(run.script(), '/');
    return OutputOf(absl::StrCat("cd ", Quoted(ours ? root_ : peers_), " && ",
                                 Quoted(peers_ + "/peer"), " ", run.script(), " ", run.peer(), " ",
                                 flags));
  }

 private:
  const std::string root_, binaries_, peers_;
};

// Processes that take what they get of the processors, as long as this object lives.
class BusyNeighbours {
 public:
  explicit BusyNeighbours(int count) {
    const pid_t parent = getpid();
    for (int i = 0; i < count; ++i) {
      const pid_t child = fork();
      if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (volatile uint64_t turns = 0; getppid() == parent || turns == 0;) {
          for (int turn = 0; turn < (1 << 20); ++turn) turns = turns + 1;
        }
        _exit(0);
      }
      if (child > 0) children_.push_back(child);
    }
  }
  ~BusyNeighbours() {
    for (const pid_t child : children_) {
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
  }
  BusyNeighbours(const BusyNeighbours&) = delete;
  BusyNeighbours& operator=(const BusyNeighbours&) = delete;

 private:
  std::vector<pid_t> children_;
};

// The highest speed among the lines of the runs.
double PeakOf(const std::vector<RunResult>& results) {
  double peak = 0;
  for (const RunResult& result : results) {
    for (const auto& [variant, lines] : result.ours) {
      if (lines.front().workload() != "gemm peak") continue;
      for (const Measurement& line : lines) peak = std::max(peak, line.gflops());
    }
  }
  return peak;
}

// The name that the peer gives itself.
std::string PeerName(const std::string& output) {
  const size_t begin = output.find("\"peer\": \"");
  if (begin == std::string::npos) return "";
  const size_t start = begin + 9;
  return output.substr(start, output.find('"', start) - start);
}

int Main(const std::string& binaries) {
  const std::string root = WorkspaceRoot();
  const char* const given = getenv("PRETEXT_PEERS");
  const std::string peers = given == nullptr ? root + "/../shared/peers" : given;
  const bool has_peer = access((peers + "/peer").c_str(), X_OK) == 0;
  if (!has_peer) std::cerr << "no peer in " << peers << ": our programs alone" << std::endl;

  const std::string path = root + "/bench/compare/comparison.textproto";
  Comparison comparison;
  if (!google::protobuf::TextFormat::ParseFromString(ReadFile(path), &comparison)) {
    std::cerr << path << " cannot be read" << std::endl;
    return 1;
  }
  const std::vector<std::string> only = absl::GetFlag(FLAGS_only);
  std::vector<RunResult> results;
  for (const Comparison::Run& run : comparison.run()) {
    // The peak is what the others are measured against.
    if (only.empty() || run.name() == "gemm" ||
        std::find(only.begin(), only.end(), run.name()) != only.end()) {
      results.emplace_back().run = &run;
    }
  }
  Surroundings surroundings{.system = FormatSystemInfo(GetSystemInfo(), {}),
                            .rounds = absl::GetFlag(FLAGS_rounds)};
  const Comparer comparer(root, binaries, peers);
  for (int round = 0; round < surroundings.rounds; ++round) {
    for (RunResult& result : results) {
      const BusyNeighbours neighbours(result.run->busy());
      AddMeasurements(comparer.Ours(*result.run, false), result.ours);
      if (result.run->bfloat16())
        AddMeasurements(comparer.Ours(*result.run, true), result.ours_bfloat16);
      if (!has_peer || result.run->peer().empty()) continue;
      const std::string output = comparer.Peer(*result.run, "");
      if (surroundings.peer.empty()) surroundings.peer = PeerName(output);
      AddMeasurements(output, result.peer);
      if (result.run->compiled())
        AddMeasurements(comparer.Peer(*result.run, "--compile"), result.compiled);
      if (result.run->bfloat16())
        AddMeasurements(comparer.Peer(*result.run, "--dtype bf16"), result.peer_bfloat16);
    }
  }
  surroundings.peak_gflops = PeakOf(results);
  const std::string text = FormatReport(surroundings, results);
  std::string out = absl::GetFlag(FLAGS_out);
  if (out.empty()) out = root + "/bench/RESULTS.md";
  std::ofstream(out) << text;
  std::cout << text << "\nwritten to " << out << std::endl;
  return 0;
}

}  // namespace
}  // namespace pretext

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return pretext::Main(pretext::BinariesBesideThis());
}
