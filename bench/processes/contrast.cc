// NT-Xent of a large batch, loss and gradient, shared by processes of this machine: seconds and the
// peak of each process's memory.
//
//   bazel run //bench/processes:contrast -- K THREADS BLOCKS SAMPLES FEATURES
//
// Two views of each sample, τ = 0.5, rows drawn from a normal distribution.
#include <omp.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "base/random/random.h"
#include "bench/processes/run_among.h"
#include "cli/openmp.h"
#include "losses/nt_xent/nt_xent.h"
#include "processes/block_group.h"
#include "processes/sharing.h"

namespace pretext {
namespace {

constexpr int64_t kViews = 2;

Tensor RowsOfBlock(uint64_t block, int64_t rows, int64_t features) {
  Tensor z = Tensor::Uninitialized({rows, features});
  Random random({.seed = 1, .purpose = Purpose::kEvaluation, .sample = block});
  for (int64_t i = 0; i < z.size(); ++i) z.data()[i] = random.Normal();
  return z;
}

double PeakMegabytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

absl::Status Measure(Processes& processes, int threads, int blocks, int64_t samples,
                     int64_t features) {
  BlockGroup group(processes, blocks, threads);
  const NtXentLoss loss(0.5f);
  const auto start = std::chrono::steady_clock::now();
  double result = 0;
  absl::Status status = group.Run([&](BlockMember& member) {
    Batch batch;
    batch.views = kViews;
    batch.samples = FirstSample(samples, member.index() + 1, blocks) -
                    FirstSample(samples, member.index(), blocks);
    Tape tape;
    const auto block = static_cast<uint64_t>(member.index());
    const Var z = tape.Leaf(RowsOfBlock(block, batch.rows(), features));
    const LossResult all =
        loss.of_blocks()->ComputeBlock(tape, {.value = z}, batch, samples, member);
    tape.Backward(all.loss);
    if (member.is_first()) result = all.loss.value().item();
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::vector<double> peaks(static_cast<size_t>(processes.size()), PeakMegabytes());
  status = Gather(processes, peaks.data(), sizeof(double));
  if (!status.ok() || processes.rank() > 0) return status;
  std::printf(
      "%d processes, %d threads each, %d blocks, %lld rows of %lld: loss %.6f, %.1f s, peak",
      processes.size(), threads, blocks, static_cast<long long>(samples * kViews),
      static_cast<long long>(features), result, seconds.count());
  for (const double peak : peaks) std::printf(" %.0f MB", peak);
  std::printf("\n");
  return status;
}

absl::Status Run(int argc, char** argv) {
  int numbers[5] = {};
  bool good = argc == 6;
  for (int i = 0; good && i < 5; ++i) good = absl::SimpleAtoi(argv[1 + i], &numbers[i]);
  for (const int number : numbers) good = good && number > 0;
  const auto [k, threads, blocks, samples, features] = numbers;
  if (!good || k > blocks || blocks > samples) {
    return absl::InvalidArgumentError(
        "contrast K THREADS BLOCKS SAMPLES FEATURES, K <= BLOCKS <= SAMPLES");
  }
  omp_set_num_threads(threads);
  return RunAmong(k, [&](Processes& processes) {
    return Measure(processes, threads, blocks, samples, features);
  });
}

}  // namespace
}  // namespace pretext

int main(int argc, char** argv) {
  pretext::ChooseWaiting(argv);  // as the program does
  const absl::Status status = pretext::Run(argc, argv);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
