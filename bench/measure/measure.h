// Times a workload and prints a line of JSON, as the peers' steps.py does.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace pretext {

struct Workload {
  std::string name;       // "ntxent"
  std::string variant;    // "N=256 d=128"
  bool bfloat16 = false;  // what products are taken in, instead of float32
  double items = 1;       // that a step works through: samples, tokens
  double gflop = 0;       // billions of floating-point operations that a step needs; 0: not counted
  int warmup = 2;         // steps that are not timed
  int repeats = 5;        // steps that are
};

// {"workload": …, "variant": …, "dtype": …, "threads": …, "median_ms": …, "min_ms": …,
// "items_per_s": …, "gflops": …, "extra_mb": …, "max_rss_mb": …}. extra_mb: the most memory held
// during the steps beyond what was held before the first.
void Measure(const Workload& workload, const std::function<void()>& step);

// Numbers for inputs: uniform in [-1, 1), the same every time.
void FillUniform(int64_t size, float* values);

}  // namespace pretext
