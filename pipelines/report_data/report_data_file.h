// RUN/report_data.binpb.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipelines/report_data/report_data.pb.h"

namespace pretext {

std::string ReportDataPath(const std::string& run);

// NotFound where the run has none; DataLoss where it is not what was written.
absl::StatusOr<ReportData> ReadReportData(const std::string& run);
// Whole, or not at all.
absl::Status WriteReportData(const std::string& run, const ReportData& data);

}  // namespace pretext
