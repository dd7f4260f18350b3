// The sections of a run's page, HTML each; empty where there is nothing to show.
#pragma once

#include <string>
#include <vector>

#include "pipelines/report/run_files.h"

namespace pretext {

// The answer, the table of figures as the terminal shows it, the verdicts with what to change.
std::string LearntSection(const RunFiles& run);

// Of runs by their names, one on top of the other: the loss beside chance, floor and held-out loss,
// then the other metrics, then the evaluations' figures.
std::string CurvesSection(const std::vector<const RunFiles*>& runs);

// What was kept of samples (pipelines/report_data): inputs beside reconstructions; views;
// neighbours; the map and the spectrum of h; the confusion of k-NN; filled-in blanks.
std::string ReconstructionSection(const ReportData& data);
std::string ViewsSection(const ReportData& data);
std::string NeighborsSection(const ReportData& data);
std::string MapSection(const ReportData& data);
std::string SpectrumSection(const ReportData& data);
std::string ConfusionSection(const ReportData& data);
std::string BlanksSection(const ReportData& data);

// The machine, seconds and where they went; then the pipeline, folded.
std::string MachineSection(const RunFiles& run);
std::string PipelineSection(const RunFiles& run);

// Of a label: its name, or "class 3"; "" of none.
std::string ClassName(const ReportData& data, int64_t label);

}  // namespace pretext
