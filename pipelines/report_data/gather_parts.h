// What GatherReportData consists of. Each adds its part to the data.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "evaluation/features/features.h"
#include "pipelines/report_data/gather.h"
#include "pipelines/report_data/thumbnail.h"

namespace pretext {

// h of so many samples of a split as they are, drawn at random as evaluations draw them. The
// samples themselves are read as they are shown: all together may be gigabytes.
absl::StatusOr<Features> EncodeShown(Assembled& parts, Split split, int64_t count,
                                     const Work& work);

absl::Status GatherMap(Assembled& parts, const Features& h, const Work& work, ReportData& data);
absl::Status GatherNeighbors(Assembled& parts, const Features& h, int64_t searched,
                             const Work& work, ReportData& data);
// With `sheets` they make one each for TensorBoard, too.
absl::Status GatherViews(Assembled& parts, bool sheets, GatheredReport& gathered);
absl::Status GatherReconstructions(Assembled& parts, int64_t count, bool sheets, const Work& work,
                                   GatheredReport& gathered);
absl::Status GatherLanguage(Assembled& parts, const LanguageBaseline* counts, const Work& work,
                            ReportData& data);

}  // namespace pretext
