// Training steps shared by processes of this machine, as the peers' processes.py times them: data,
// forward, backward, the sum of gradients, the update.
//
//   bazel run //bench/processes -- K THREADS BLOCKS PIPELINE.textproto ...
//
// K processes of so many threads, batches in so many blocks; 0 blocks: as a whole, by one process.
#include <omp.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/measure/measure.h"
#include "bench/processes/run_among.h"
#include "cli/openmp.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/train/train_plan.h"
#include "pipelines/train/update.h"

namespace pretext {
namespace {

absl::Status Run(Processes& processes, int threads, const std::string& path, int blocks) {
  AssemblyOptions options;
  options.processes = processes.size();
  absl::StatusOr<Assembled> parts =
      AssembleFile(path, {absl::StrCat("train { blocks: ", blocks, " }")}, options);
  if (!parts.ok()) return parts.status();
  if (absl::Status status = parts->dataset->Load(); !status.ok()) return status;
  const TrainPlan plan = PlanTraining(*parts);
  Updater updater(*parts, plan, processes);
  Cursor cursor;
  absl::Status status;
  const auto step = [&] {
    const auto figures = updater.Update(cursor, /*monitored=*/false);
    if (status.ok()) status = figures.status();
  };
  const auto repeats = static_cast<int>(parts->config->train().steps());
  if (processes.rank() > 0) {
    for (int i = 0; i < 3 + repeats; ++i) step();
  } else {
    Measure({.name = "processes",
             .variant = absl::StrCat(parts->config->name(), " ", processes.size(), "x", threads,
                                     " blocks ", blocks),
             .items = static_cast<double>(parts->config->train().batch_size()),
             .warmup = 3,
             .repeats = repeats},
            step);
  }
  return status;
}

absl::Status RunAll(int argc, char** argv) {
  const int k = std::atoi(argv[1]), threads = std::atoi(argv[2]), blocks = std::atoi(argv[3]);
  omp_set_num_threads(threads);
  return RunAmong(k, [&](Processes& processes) {
    absl::Status status;
    for (int i = 4; i < argc && status.ok(); ++i) status = Run(processes, threads, argv[i], blocks);
    return status;
  });
}

}  // namespace
}  // namespace pretext

int main(int argc, char** argv) {
  pretext::ChooseWaiting(argv);  // as the program does
  if (argc < 5) {
    std::fprintf(stderr, "processes K THREADS BLOCKS PIPELINE.textproto ...\n");
    return 2;
  }
  const absl::Status status = pretext::RunAll(argc, argv);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
