// Gathers what a run's report shows of samples, with the parts as they are trained: encoder and
// head in evaluation mode, samples of the split that the run is judged by, drawn at random and the
// same at every evaluation.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/work/work.h"
#include "evaluation/features/features.h"
#include "evaluation/language/language_baseline.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/report_data/report_data.pb.h"
#include "pipelines/run/tensorboard.h"

namespace pretext {

struct GatherOptions {
  // Of more samples principal components are found from so many, which takes a second or two.
  static constexpr int64_t kFitted = 2000;
  // Of text that are filled in at once, at most: scores are targets × vocabulary, megabytes each.
  static constexpr int64_t kSequencesAtOnce = 16;

  int64_t samples = 1000;                    // on the map; 0: nothing of samples
  int64_t searched = 5000;                   // training samples that neighbours are searched among
  bool tensorboard = false;                  // what TensorBoard alone shows, too
  const LanguageBaseline* counts = nullptr;  // of text, where they are known
  Work work;
};

struct GatheredReport {
  ReportData data;
  // For TensorBoard, where it is wished for: h of the samples on the map, for the projector; sheets
  // of views and of reconstructions.
  Features h;
  std::vector<TensorBoardWriter::Picture> pictures;
};

// The map and the spectrum of h; of pictures: views, reconstructions where the head is a decoder;
// neighbours; of masked tokens: filled-in blanks and the loss by frequency. The dataset is loaded.
// Errors: those of Dataset::Read; Cancelled (base/work/work.h).
absl::StatusOr<GatheredReport> GatherReportData(Assembled& parts, const GatherOptions& options);

}  // namespace pretext
