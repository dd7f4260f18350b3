#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "pipelines/drawing/html.h"
#include "pipelines/report/sections.h"
#include "pipelines/run/progress.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

std::string MachineSection(const RunFiles& run) {
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](absl::string_view what, absl::string_view value) {
    rows.push_back({EscapeHtml(what), EscapeHtml(value)});
  };
  const double seconds = run.history.seconds();
  if (seconds > 0) {
    add("training steps", ClockText(absl::Seconds(seconds)));
    add("of that, reading and augmenting samples",
        absl::StrFormat("%.1f %%", 100 * run.history.data_share()));
  }
  double evaluating = 0;
  for (const HistoryEvaluation& evaluation : run.history.evaluations())
    evaluating += evaluation.seconds;
  if (evaluating > 0) add("evaluations", ClockText(absl::Seconds(evaluating)));
  if (run.data.seconds() > 0)
    add("samples for this page", absl::StrFormat("%.1f s", run.data.seconds()));
  if (run.data.threads() > 0) add("threads", absl::StrCat(run.data.threads()));
  const std::string& version = run.pipeline.config->version();
  if (!version.empty()) add("version of pretext", version);
  std::string html = "<h2 id=\"machine\">Machine and time</h2>\n";
  if (rows.empty() && run.data.machine().empty())
    return absl::StrCat(html, "<p>Nothing is known of it.</p>\n");
  if (!rows.empty()) absl::StrAppend(&html, TableHtml("Where the time went", {}, rows));
  if (!run.data.machine().empty())
    absl::StrAppend(&html, "<pre tabindex=\"0\">", EscapeHtml(run.data.machine()), "</pre>\n");
  return html;
}

std::string PipelineSection(const RunFiles& run) {
  return absl::StrCat(
      "<h2 id=\"pipeline\">Pipeline</h2>\n<details><summary>The pipeline as it was "
      "run, every default written out</summary>\n<pre tabindex=\"0\">",
      EscapeHtml(run.pipeline_text), "</pre></details>\n");
}

std::string ClassName(const ReportData& data, int64_t label) {
  if (label < 0) return "";
  if (label < data.class_name_size()) return data.class_name(static_cast<int>(label));
  return absl::StrCat("class ", label);
}

}  // namespace pretext
