// How our times grow with the batch, with N of NT-Xent and with threads, and what share of the
// machine's matrix products in the same run that is:
//
//   bazel run //bench/curves -- [--out FILE]      bench/CURVES.md without it
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/compare/programs.h"
#include "bench/compare/report.h"
#include "bench/curves/fit.h"
#include "cli/system_info.h"

ABSL_FLAG(std::string, out, "", "The report; bench/CURVES.md without it.");

namespace pretext {
namespace {

constexpr int kThreads[] = {1, 2};

struct Curve {
  std::string title;
  std::string size_name;           // "batch"
  std::string program, arguments;  // "%d" is the size
  std::string key;                 // of the program's line, likewise
  double power = 1;                // with which the work grows
  double gflop = 0;                // of size 1
  bool bfloat16 = false;           // also in it
  std::vector<int64_t> sizes;
};

std::string WithSize(const std::string& text, int64_t size) {
  const size_t at = text.find("%d");
  if (at == std::string::npos) return text;
  return absl::StrCat(text.substr(0, at), size, text.substr(at + 2));
}

class Runner {
 public:
  // Of the lines that a program prints, the one of a key.
  Measurement Run(const std::string& program, const std::string& arguments, const std::string& key,
                  int threads, bool bfloat16) const {
    Measurements lines;
    const std::string command = absl::StrCat(
        "cd ", Quoted(WorkspaceRoot()), " && OMP_NUM_THREADS=", threads, " ",
        Quoted(absl::StrCat(binaries_, "/", program)), bfloat16 ? " --bf16 " : " ", arguments);
    AddMeasurements(OutputOf(command), lines);
    return MedianOf(lines, key);
  }

 private:
  const std::string binaries_ = BinariesBesideThis();
};

std::vector<Curve> Curves() {
  std::vector<int64_t> batches, samples;
  for (int64_t size = 16; size <= 1024; size *= 2) batches.push_back(size);
  for (int64_t size = 64; size <= 65536; size *= 4) samples.push_back(size);
  const std::string steps = "bench/train_step/train_step";
  return {
      {"MLP autoencoder step, 784-512-256-32", "batch", steps,
       "--batch %d bench/train_step/mlp_autoencoder_b128.textproto",
       "train step mlp_autoencoder_b128", 1, 0.831 / 128, true, batches},
      {"convolutional autoencoder step", "batch", steps,
       "--batch %d bench/train_step/conv_autoencoder_b256.textproto",
       "train step conv_autoencoder_b256", 1, 3.535 / 256, true, batches},
      {"ResNet-18 SimCLR step, 1×28×28, width 16, 2 views",
       "batch",
       steps,
       "--batch %d bench/train_step/resnet18_small.textproto",
       "train step resnet18_small",
       1,
       87.8 / 256,
       true,
       {16, 32, 64, 128, 256, 512}},
      {"NT-Xent, loss and gradient, d = 128, 2 views", "N", "bench/nt_xent/nt_xent", "%d",
       "ntxent N=%d d=128", 2, 3e-9 * 4 * 128, false, samples},
  };
}

// A row for each size: milliseconds, and the share of the peak at that many threads in float32.
std::string Table(const Runner& runner, const Curve& curve, const double (&peak)[2]) {
  std::string table = absl::StrCat("## ", curve.title, "\n\n| ", curve.size_name);
  std::vector<std::string> columns;
  std::vector<std::vector<TimedSize>> series;
  for (const bool bfloat16 : {false, true}) {
    if (bfloat16 && !curve.bfloat16) continue;
    for (const int threads : kThreads) {
      columns.push_back(
          absl::StrCat(threads, threads == 1 ? " thread" : " threads", bfloat16 ? ", bf16" : ""));
    }
  }
  series.resize(columns.size());
  for (const std::string& column : columns) {
    absl::StrAppend(&table, " | ", column, " ms | of peak");
  }
  absl::StrAppend(&table, " |\n|---");
  for (size_t i = 0; i < columns.size(); ++i) absl::StrAppend(&table, "|---|---");
  absl::StrAppend(&table, "|\n");
  for (const int64_t size : curve.sizes) {
    absl::StrAppend(&table, "| ", size);
    for (size_t i = 0; i < columns.size(); ++i) {
      const int threads = kThreads[i % 2];
      const Measurement line = runner.Run(curve.program, WithSize(curve.arguments, size),
                                          WithSize(curve.key, size), threads, i >= 2);
      const double work = curve.gflop * std::pow(static_cast<double>(size), curve.power);
      series[i].push_back({static_cast<double>(size), line.median_ms()});
      absl::StrAppendFormat(&table, " | %.3g | %.0f %%", line.median_ms(),
                            100 * work / line.median_ms() * 1e3 / peak[threads - 1]);
    }
    absl::StrAppend(&table, " |\n");
  }
  absl::StrAppend(&table, "\n");
  for (size_t i = 0; i < columns.size(); ++i) {
    const Growth growth = FitGrowth(series[i], curve.power);
    absl::StrAppendFormat(&table, "- %s: %.3g ms + %.3g µs · %s%s, within %.0f %%\n", columns[i],
                          growth.fixed, 1e3 * growth.each, curve.size_name,
                          curve.power == 2 ? "²" : "", 100 * growth.worst);
  }
  return table + "\n";
}

int Main() {
  const Runner runner;
  double peak[2] = {0, 0};
  for (const int threads : kThreads) {
    double& best = peak[threads - 1];
    for (const char* library : {"OpenBLAS", "oneDNN matmul"}) {
      const std::string key = absl::StrCat("gemm peak ", library, " fp32 NN 1024x1024x1024");
      best = std::max(best, runner.Run("bench/gemm/gemm", "", key, threads, false).gflops());
    }
  }
  std::string text = absl::StrCat(
      "# How times grow\n\nWritten by `bazel run //bench/curves`. Medians of each program's steps; "
      "below each table what fits them best, t = fixed + each · size, and the largest relative "
      "distance from it.\n\n```\n",
      FormatSystemInfo(GetSystemInfo(), {}), "```\n\n");
  absl::StrAppendFormat(
      &text,
      "Peak: the fastest float32 matrix product of 1024³ in this run, %.0f "
      "GFLOP/s on one thread, %.0f on two. Operations are those of the plain "
      "algorithms; products in bfloat16 on matrix units are beyond that peak.\n\n",
      peak[0], peak[1]);
  for (const Curve& curve : Curves()) absl::StrAppend(&text, Table(runner, curve, peak));
  std::string out = absl::GetFlag(FLAGS_out);
  if (out.empty()) out = WorkspaceRoot() + "/bench/CURVES.md";
  std::ofstream(out) << text;
  std::cout << text << "written to " << out << std::endl;
  return 0;
}

}  // namespace
}  // namespace pretext

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return pretext::Main();
}
