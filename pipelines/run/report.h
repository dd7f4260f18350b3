// RUN/report.html: one file, no network, that shows how a run went.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "pipelines/run/run_directory.h"

namespace pretext {

// From the lines of metrics.jsonl and the resolved pipeline's text: the latest evaluation as a
// table, a chart a metric over the steps (inline SVG; the loss beside its chance value and floor),
// and the pipeline. Lines that are not JSON objects are passed over.
std::string ReportHtml(const std::string& name, const std::string& metrics_jsonl,
                       const std::string& pipeline_text);

// Writes the run's report.html from its files, unless it is there as it would be.
absl::Status WriteReport(const RunDirectory& run, const std::string& name);

}  // namespace pretext
