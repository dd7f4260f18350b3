// The pipeline's `initialize`: weights from elsewhere in the place of random ones.
//
//   Plan     all that can be wrong is found, nothing is loaded: the files are there and whole, each
//            tensor of ours has one of theirs, of its shape and with finite numbers, nothing is
//            left over, and what lies beside the weights (config.json) means the same
//   Check    the vocabulary is the one that the weights were trained with
//   Apply    the weights, into parameters that are allocated
//
// A run keeps what it began with, RUN/initial/weights.safetensors: it goes on from there, and its
// evaluations compare with that, when the files that it came from are gone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/plugin/dataset.h"
#include "core/plugin/encoder.h"
#include "core/plugin/head.h"

namespace pretext {

class Pipeline;

class Initialization {
 public:
  // For a pipeline with `initialize`; parts that are not allocated. Writes the files' checksums
  // into the pipeline. InvalidArgument with a fault at "initialize[i].from" for all that does not
  // fit. Relative paths start in `base_directory`, or where it is empty in the working directory.
  static absl::StatusOr<std::unique_ptr<Initialization>> Plan(const std::string& base_directory,
                                                              const Encoder& encoder,
                                                              const Head& head, Pipeline& config);
  // Of a run that is there: what it keeps.
  static std::unique_ptr<Initialization> OfRun(const std::string& run);
  ~Initialization();

  // What is taken from where, for the summary: a line each.
  const std::vector<std::string>& notes() const { return notes_; }

  // After the dataset is loaded; a fault at "initialize[i].from".
  absl::Status Check(const Dataset& dataset) const;

  // `set` is that of "encoder" or "head", allocated: what no file gives stays as it was drawn. An
  // error names the file.
  absl::Status Apply(const std::string& part, ParameterSet& set) const;

  // Writes what a run begins with into its folder.
  static absl::Status Keep(const std::string& run, const std::vector<ParameterSet*>& sets);

 private:
  struct Source;
  Initialization();

  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<std::string> notes_;
  std::string run_;
};

}  // namespace pretext
