// Builds the parts of a pipeline, after checking all of it.
//
// In the order of the flow (dataset, views, encoder, head, predictor, loss, optimizer) each part's
// Create is given what flows into it. All faults are gathered, those of the text and those of every
// part, before any is reported: a part after a faulty one still has its config checked, without
// what depends on the shape of its input. Nothing is allocated: the caller loads the dataset and
// allocates the parameters of the result.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plugin/augmentation.h"
#include "core/plugin/dataset.h"
#include "pipelines/model/model.h"
#include "pipelines/text/load_pipeline.h"

namespace pretext {

class Initialization;
class Pipeline;
class SourceMap;

struct AssemblyOptions {
  // Where relative paths in the configs start; empty: the working directory.
  std::string base_directory;
  std::string run_directory;  // of a run that is continued or used
  int64_t memory_bytes = 0;   // more than this is refused; 0: the machine's memory
  // That the training is shared by, and how many of them are on this machine.
  int processes = 1, processes_here = 1;
};

struct Assembled : Model {
  Assembled();
  Assembled(Assembled&&) noexcept;
  Assembled& operator=(Assembled&&) noexcept;
  ~Assembled();

  std::unique_ptr<Pipeline> config;  // with the defaults written out

  std::unique_ptr<Dataset> dataset;
  std::vector<std::unique_ptr<Augmentation>> augmentations;
  // What each view goes through, one chain a view: V = chains.size().
  // They point into `augmentations`.
  std::vector<std::vector<const Augmentation*>> chains;
  // Weights from elsewhere; null without. Whoever allocates the parts has it fill them.
  std::unique_ptr<const Initialization> initialization;

  // Where each field was written: for faults that only the data show (data_checks.h).
  std::unique_ptr<const SourceMap> places;

  // Of the options.
  int processes = 1, processes_here = 1;

  FlowType sample;  // of the dataset
  FlowType view;    // after the augmentations: the encoder's input, of its first group of views

  int64_t views() const { return static_cast<int64_t>(chains.size()); }
  // The most blocks of a batch that one process has; 0 where batches are taken as a whole.
  int blocks_of_process() const;
  // In which numbers the parts take their products, in training and in use.
  Precision precision() const;
  // Over which rows batch normalisation takes its statistics.
  BatchNormScope batch_norm() const;
  // The number of views in each group, for a Loader.
  std::vector<int64_t> group_sizes() const;
};

// The parts, or InvalidArgument with a line a fault: "FILE:LINE:COLUMN: PATH: MESSAGE".
absl::StatusOr<Assembled> Assemble(LoadedPipeline pipeline, const AssemblyOptions& options = {});

// LoadPipelineFile, then Assemble.
absl::StatusOr<Assembled> AssembleFile(const std::string& path,
                                       const std::vector<std::string>& overrides = {},
                                       const AssemblyOptions& options = {});

}  // namespace pretext
