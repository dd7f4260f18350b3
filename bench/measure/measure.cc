#include "bench/measure/measure.h"

#include <omp.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "base/json/json.h"
#include "base/random/random.h"

namespace pretext {
namespace {

// A field of /proc/self/status in megabytes.
double StatusMegabytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(field + ":", 0) == 0) return std::stod(line.substr(field.size() + 1)) / 1024;
  }
  return 0;
}

}  // namespace

void Measure(const Workload& workload, const std::function<void()>& step) {
  // Starts the peak of the resident memory (VmHWM) anew.
  std::ofstream("/proc/self/clear_refs") << 5;
  const double before = StatusMegabytes("VmRSS");
  for (int i = 0; i < workload.warmup; ++i) step();
  std::vector<double> milliseconds;
  for (int i = 0; i < workload.repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    step();
    const std::chrono::duration<double, std::milli> taken =
        std::chrono::steady_clock::now() - start;
    milliseconds.push_back(taken.count());
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  const size_t middle = milliseconds.size() / 2;
  const double median = milliseconds.size() % 2 == 1
                            ? milliseconds[middle]
                            : (milliseconds[middle - 1] + milliseconds[middle]) / 2;
  JsonObject line;
  line.Add("workload", workload.name).Add("variant", workload.variant);
  line.Add("dtype", workload.bfloat16 ? "bf16" : "fp32");
  line.Add("threads", omp_get_max_threads());
  line.Add("median_ms", median).Add("min_ms", milliseconds.front());
  line.Add("items_per_s", workload.items / median * 1e3);
  if (workload.gflop > 0) line.Add("gflops", workload.gflop / median * 1e3);
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  line.Add("extra_mb", StatusMegabytes("VmHWM") - before);
  line.Add("max_rss_mb", static_cast<double>(usage.ru_maxrss) / 1024);
  std::printf("%s\n", line.text().c_str());
  std::fflush(stdout);
}

void FillUniform(int64_t size, float* values) {
  Random random({.seed = 1});
  for (int64_t i = 0; i < size; ++i) values[i] = random.Uniform(-1.0f, 1.0f);
}

}  // namespace pretext
