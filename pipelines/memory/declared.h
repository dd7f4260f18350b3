// What a training needs of memory besides its passes: it follows from shapes alone.
#pragma once

#include "pipelines/assembly/assembly.h"

namespace pretext {

// In bytes. Of the samples that the reader holds ready, and of the batch's tensors.
double BatchBytes(const Assembled& parts);

// Of the samples that are ready while an evaluation reads, where they are more than their values:
// files that are still to be decoded. In bytes.
double WaitingInEvaluation(const Assembled& parts);

// Of what threads keep that make the values of samples: those of the reader's team, and of each
// block of this process. In bytes.
double BytesOfThreads(const Assembled& parts);

// Of the state that the optimizer makes for the parameters, in bytes. Each parameter's is measured
// with 1 and 2 in the place of its first extent, and is taken to grow in proportion.
double OptimizerBytes(const Assembled& parts);

// Of the features of both splits that an evaluation holds, in bytes, of the largest of: h, the
// samples themselves, these with their principal components. 0 where the dataset does not say how
// many samples it has.
double FeatureBytes(const Assembled& parts);

// Of what classifies features and finds their principal components, in bytes.
double ClassifierBytes(const Assembled& parts);

// Of what is gathered for the report: h of the samples on the map and of those that neighbours are
// searched among, the map's making, scores of blanks, in bytes. 0 where nothing is gathered.
double ReportBytes(const Assembled& parts);

// Of the pairs of tokens that a masked language model's baseline counts, in bytes: as many as a
// third of its tokens, as in natural language, or as the vocabulary has. 0 of other models, and
// where the dataset does not say how large it is.
double CountedPairsBytes(const Assembled& parts);

}  // namespace pretext
