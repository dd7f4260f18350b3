// What a pipeline's sections and parts say together: a batch that a loss can learn from, statistics
// of batch normalisation that mean something, an evaluation that measures something.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "core/plugin/dataset.h"
#include "evaluation/figures/figures.h"

namespace pretext {

class Pipeline;
class SourceMap;
struct Assembled;

// Which fields of `evaluate` ask for a figure. Taken before defaults are filled in; none of a
// pipeline that a run has written out, which holds every field.
struct AskedFigures {
  bool knn = false, probe = false;
};
AskedFigures FiguresAskedFor(const Pipeline& written);

// Faults of figures that were asked for and cannot be given.
absl::Status CheckEvaluation(const Assembled& parts, const AskedFigures& asked);

// Adds a fault for each combination that cannot be meant. All parts are there.
void CheckCombinations(const Assembled& parts, const AskedFigures& asked, SourceMap* map);

// A fault when `samples` samples in a batch are too few: for the loss, at `batch_field`, or for
// batch normalisation, at `batch_field` or at "chunk". `which` says which batch: "a batch".
absl::Status CheckBatch(const Assembled& parts, int64_t samples, const char* batch_field,
                        const char* which);

// The fewest rows over which batch normalisation takes its statistics: those of a group of views,
// of a view or of a chunk.
int64_t StatisticsRows(const Assembled& parts, int64_t samples);

// Whether a batch goes through the model in chunks.
bool IsChunked(const Assembled& parts, int64_t samples);

// Whether a layer of encoder, head or predictor takes statistics over the rows of a batch.
bool HasBatchStatistics(const Assembled& parts);

// Whether the head gives samples back: the loss compares with them, and its output has their size.
bool Reconstructs(const Assembled& parts);

// Whether h is classified, by k-NN and probe: where samples have labels and are no text, unless the
// pipeline says no.
bool IsClassified(const Assembled& parts);

// Whether an evaluation says how far views of texts agree: of vectors, in two views or more. What
// else there is to know of a text without a label is in its loss.
bool MeasuresAgreement(const Assembled& parts);

// Whether no augmentation tells the views of a sample apart.
bool ViewsAreAlike(const Assembled& parts);

// The split that the run is judged by, which may be empty.
Split JudgedSplit(const Assembled& parts);

// Of the evaluation's loss on a split: samples that it is of, and those of one of its batches, the
// training's number where there are as many. The dataset is loaded.
struct HeldOutBatches {
  int64_t samples = 0, batch = 0;
  bool enough = false;   // for the loss
  bool smaller = false;  // than the training's, of a loss that depends on their size
};
HeldOutBatches BatchesOfHeldOutLoss(const Assembled& parts, Split split);

// What decides which figures an evaluation gives.
EvaluationFacts FactsOfEvaluation(const Assembled& parts);

}  // namespace pretext
