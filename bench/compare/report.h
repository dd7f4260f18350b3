// The table of a comparison, from the lines that the programs printed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bench/compare/comparison.pb.h"

namespace pretext {

// The lines of one program over all rounds, by workload and variant: "ntxent N=64 d=128".
using Measurements = std::map<std::string, std::vector<Measurement>>;

// Adds the lines of `output` that are JSON objects with a workload;
// others (warnings) are passed over.
void AddMeasurements(const std::string& output, Measurements& measurements);

// Medians over rounds of the members of the lines of a key;
// an empty Measurement when there are none.
Measurement MedianOf(const Measurements& measurements, const std::string& key);

struct RunResult {
  const Comparison::Run* run;
  Measurements ours, peer;
  Measurements compiled;  // the peer's
  Measurements ours_bfloat16, peer_bfloat16;
};

struct Surroundings {
  std::string system;  // the machine and the libraries, lines of text
  std::string peer;    // "pytorch 2.14.1", empty without a peer
  int rounds = 0;
  double peak_gflops = 0;  // measured in the same run; 0: not measured
};

// Markdown.
std::string FormatReport(const Surroundings& surroundings, const std::vector<RunResult>& results);

}  // namespace pretext
