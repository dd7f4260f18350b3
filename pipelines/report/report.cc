#include "pipelines/report/report.h"

#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/file/read_file.h"
#include "pipelines/drawing/html.h"
#include "pipelines/report/sections.h"

namespace pretext {

std::string ReportHtml(const RunFiles& run) {
  std::string body = absl::StrCat("<h1>", EscapeHtml(run.name), "</h1>\n<p class=\"soft\">",
                                  EscapeHtml(run.StateInWords()), "</p>\n");
  for (const std::string& damage : run.damage)
    absl::StrAppend(&body, "<p><strong>Damaged:</strong> ", EscapeHtml(damage), "</p>\n");
  const std::string map = MapSection(run.data);
  absl::StrAppend(&body, LearntSection(run), CurvesSection({&run}), ReconstructionSection(run.data),
                  ViewsSection(run.data), BlanksSection(run.data), NeighborsSection(run.data), map,
                  SpectrumSection(run.data), ConfusionSection(run.data));
  if (run.data.step() != 0 && static_cast<double>(run.data.step()) != run.history.last_step()) {
    absl::StrAppend(&body, "<p class=\"soft\">What samples show is of step ", run.data.step(),
                    ", the latest evaluation.</p>\n");
  }
  absl::StrAppend(&body, MachineSection(run), PipelineSection(run));
  return PageHtml(run.name, body, !map.empty());
}

absl::Status WriteReport(const RunFiles& run) {
  const std::string report = ReportHtml(run);
  const absl::StatusOr<std::string> there = ReadFile(run.page);
  if (there.ok() && *there == report) return absl::OkStatus();
  return WriteFileAtomically(run.page, report);
}

absl::Status WriteReport(const std::string& path) {
  const absl::StatusOr<RunFiles> run = ReadRun(path);
  return run.ok() ? WriteReport(*run) : run.status();
}

}  // namespace pretext
