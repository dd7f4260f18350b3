// What a run has written, for tests that compare runs.
#pragma once

#include <set>
#include <string>

namespace pretext {

// A run's files by their names, without what is another each time. `run` is a folder of the scratch
// folder (program.h).
struct RunFiles {
  explicit RunFiles(const std::string& run);

  std::set<std::string> names;  // but TensorBoard's
  std::string tensors;          // the data of all safetensors files
  std::string metrics;          // metrics.jsonl without its speed
};

}  // namespace pretext
