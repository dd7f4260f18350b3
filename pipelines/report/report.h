// RUN/report.html: one file, without network or scripts from elsewhere, that shows how a run went
// and what its encoder makes of samples. And the same of several runs side by side.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pipelines/report/run_files.h"

namespace pretext {

// Did it learn? Curves; samples, by what the pipeline does; the machine; the pipeline.
std::string ReportHtml(const RunFiles& run);

// Curves on top of each other, one table of results, and where their pipelines differ.
std::string ComparisonHtml(const std::vector<RunFiles>& runs);

// Writes the run's report.html, unless it is there as it would be; of the run in a folder, from its
// files.
absl::Status WriteReport(const RunFiles& run);
absl::Status WriteReport(const std::string& run);

}  // namespace pretext
