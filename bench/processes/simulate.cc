// What a training step would take of 1 to 1024 processes, from what it takes here: a model, with
// latency and bandwidth of messages as measured between two processes of this machine, or given.
//
//   bazel run //bench/processes:simulate -- PIPELINE.textproto SECONDS [LATENCY_US GBIT_S]
//
// SECONDS: a step of the pipeline by one process with the threads that each is to have. The terms
// are those of processes/block_group.cc, for a block a process:
//
//   compute      SECONDS / k: as if the update and a loss over the batch, which each process does
//                for itself, were nothing; what they are is to be added
//   statistics   per batch normalisation, forward and backward: an exchange with every other one
//   z            one exchange of all rows, for losses over the batch; where they are shared out,
//                k + 4 with a neighbour (kernels/nt_xent/in_blocks.h)
//   gradients    two exchanges of slices, 2 S (k - 1) / k, as if none were hidden by the way back
//
// An exchange with k - 1 others takes (k - 1) · latency at each end, which sends to one after the
// other, beside bytes / bandwidth. The batch stays the same, or grows with k.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/text/pipeline.pb.h"
#include "processes/sockets.h"

namespace pretext {
namespace {

struct Link {
  double latency = 0;    // seconds
  double bandwidth = 0;  // bytes a second, each way
};

// Seconds of an exchange of `bytes` between both processes, the fastest of some.
double Exchange(Processes& processes, size_t bytes, int repeats) {
  std::vector<char> out(bytes), in(bytes);
  double best = 1e9;
  for (int i = 0; i < repeats; ++i) {
    const absl::Time start = absl::Now();
    const int other = 1 - processes.rank();
    const absl::Status status =
        processes.Exchange({{other, out.data(), bytes}}, {{other, in.data(), bytes}});
    if (!status.ok()) std::exit(1);
    best = std::min(best, absl::ToDoubleSeconds(absl::Now() - start));
  }
  return best;
}

absl::StatusOr<Link> MeasureLink() {
  auto processes = SocketProcesses::FromEnvironment();
  if (processes.ok() && *processes == nullptr) processes = SocketProcesses::Start(2);
  if (!processes.ok()) return processes.status();
  constexpr size_t kLarge = size_t{16} << 20;
  const double small = Exchange(**processes, 4, 2000), large = Exchange(**processes, kLarge, 20);
  if ((*processes)->rank() > 0) std::exit((*processes)->Finish().ok() ? 0 : 1);
  if (absl::Status status = (*processes)->Finish(); !status.ok()) return status;
  return Link{small, kLarge / (large - small)};
}

// What a step of the pipeline sends.
struct Traffic {
  double gradients = 0;   // bytes of all
  double statistics = 0;  // channels of all batch normalisations
  int exchanges = 0;      // of them, forward and backward
  double rows = 0;        // bytes of z of the batch
  bool ring = false;      // in which they travel
};

Traffic TrafficOf(const Assembled& parts) {
  Traffic traffic;
  for (const Model::NamedSet& named : parts.trained_sets()) {
    if (named.name == "loss") continue;
    traffic.gradients += 4.0 * static_cast<double>(named.set->count());
    for (const Buffer& buffer : named.set->buffers()) {
      traffic.statistics += static_cast<double>(buffer.shape.size()) / 2;  // a mean and a variance
      ++traffic.exchanges;  // of the two one forward, one backward
    }
  }
  if (!parts.loss->by_sample()) {
    traffic.rows = 4.0 * static_cast<double>(parts.config->train().batch_size() * parts.views() *
                                             parts.head->output().size());
    traffic.ring = parts.loss->of_blocks() != nullptr;
  }
  return traffic;
}

double StepSeconds(const Traffic& traffic, double alone, const Link& link, int k, double batch) {
  if (k == 1) return alone * batch;
  const double others = k - 1, share = others / k;
  const auto exchange = [&](double bytes) {
    return others * link.latency + bytes / link.bandwidth;
  };
  // A block a process: its share of every gather goes to all others.
  const double statistics = traffic.exchanges * others * link.latency +
                            4 * 4 * traffic.statistics * others / link.bandwidth;
  double rows = traffic.rows > 0 ? exchange(traffic.rows * batch * share) : 0;
  // Rows with their sums and gradients by half of the blocks, then sums and gradients home.
  if (traffic.ring)
    rows = (k + 4) * link.latency + traffic.rows * batch * (1.5 + 1.0 / k) / link.bandwidth;
  return alone * batch / k + statistics + rows + 2 * exchange(traffic.gradients * share);
}

absl::Status Run(int argc, char** argv) {
  Link link;
  if (argc > 4) {
    link = {std::atof(argv[3]) * 1e-6, std::atof(argv[4]) * 1e9 / 8};
  } else {
    const absl::StatusOr<Link> measured = MeasureLink();
    if (!measured.ok()) return measured.status();
    link = *measured;
  }
  const absl::StatusOr<Assembled> parts = AssembleFile(argv[1]);
  if (!parts.ok()) return parts.status();
  const Traffic traffic = TrafficOf(*parts);
  const double alone = std::atof(argv[2]);
  std::printf(
      "%s: %.1f MB of gradients, %d exchanges of statistics, %.2f MB of z a step; %.1f us, %.1f "
      "GB/s\n",
      parts->config->name().c_str(), traffic.gradients / 1e6, traffic.exchanges, traffic.rows / 1e6,
      link.latency * 1e6, link.bandwidth / 1e9);
  std::printf("%6s %22s %22s\n", "k", "the same batch", "batch times k");
  for (int k = 1; k <= 1024; k *= 2) {
    const double weak = StepSeconds(traffic, alone, link, k, k);
    std::string strong = "-";
    if (k <= parts->config->train().batch_size()) {
      const double seconds = StepSeconds(traffic, alone, link, k, 1);
      strong = absl::StrFormat("%.1f ms, %.1f x", seconds * 1e3, alone / seconds);
    }
    std::printf("%6d %22s %12.1f ms, %.1f %%\n", k, strong.c_str(), weak * 1e3, 100 * alone / weak);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace pretext

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "simulate PIPELINE.textproto SECONDS [LATENCY_US GBIT_S]\n");
    return 2;
  }
  const absl::Status status = pretext::Run(argc, argv);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
