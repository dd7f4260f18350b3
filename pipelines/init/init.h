// `pretext init`: from a folder or file of data to a pipeline for it.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace pretext {

struct InitOptions {
  std::string data;
  std::string method;  // empty: what suits the data
  std::string name;    // of the run
  double hours = 8;    // that a training may take
};

struct Proposed {
  std::string text;     // of the pipeline, with its reasons as comments
  std::string summary;  // lines for people
};

// Looks at the data and measures this machine for some seconds. What it gives validates.
absl::StatusOr<Proposed> ProposePipeline(const InitOptions& options);

}  // namespace pretext
