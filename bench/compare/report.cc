#include "bench/compare/report.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace pretext {
namespace {

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// Three significant digits, without an exponent; "" for 0: not measured.
std::string Short(double value) {
  if (value == 0) return "";
  const int decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
  return absl::StrFormat("%.*f", value < 1 ? 3 : decimals, value);
}

std::string Ratio(double peer, double ours) {
  return peer > 0 && ours > 0 ? absl::StrFormat("%.2f×", peer / ours) : "";
}

// The one with the lowest median.
Measurement FastestOf(const Measurements& measurements, const Comparison::Row& row) {
  Measurement fastest;
  for (const std::string& key : row.peer()) {
    const Measurement m = MedianOf(measurements, key);
    if (m.has_median_ms() && (!fastest.has_median_ms() || m.median_ms() < fastest.median_ms())) {
      fastest = m;
    }
  }
  return fastest;
}

// The least of the figures that there are; 0 without one.
double Least(std::initializer_list<double> figures) {
  double least = 0;
  for (const double figure : figures) {
    if (figure > 0 && (least == 0 || figure < least)) least = figure;
  }
  return least;
}

std::string FormatRow(const Comparison::Row& row, const RunResult& result, double peak) {
  const Measurement ours = MedianOf(result.ours, row.ours());
  const Measurement peer = FastestOf(result.peer, row);
  const Measurement compiled = FastestOf(result.compiled, row);
  const Measurement ours_bfloat16 = MedianOf(result.ours_bfloat16, row.ours());
  const Measurement peer_bfloat16 = FastestOf(result.peer_bfloat16, row);
  const double gflops = ours.gflops() > 0      ? ours.gflops()
                        : ours.median_ms() > 0 ? row.gflop() / ours.median_ms() * 1e3
                                               : 0;
  const std::string share =
      peak > 0 && gflops > 0 ? absl::StrFormat("%.0f %%", 100 * gflops / peak) : "";
  return absl::StrCat(
      "| ", row.title(), " | ", ours.has_median_ms() ? Short(ours.median_ms()) : "not measured",
      " | ", Short(peer.median_ms()), " | ", Ratio(peer.median_ms(), ours.median_ms()), " | ",
      Short(compiled.median_ms()), " | ", Ratio(compiled.median_ms(), ours.median_ms()), " | ",
      Short(ours_bfloat16.median_ms()), " | ", Short(peer_bfloat16.median_ms()), " | ",
      Ratio(peer_bfloat16.median_ms(), ours_bfloat16.median_ms()), " | ",
      Ratio(Least({peer.median_ms(), compiled.median_ms(), peer_bfloat16.median_ms()}),
            Least({ours.median_ms(), ours_bfloat16.median_ms()})),
      " | ", Short(gflops), " | ", share, " | ", Short(ours.extra_mb()), " | ",
      Short(ours.max_rss_mb()), " | ", Short(peer.max_rss_mb()), " |\n");
}

}  // namespace

void AddMeasurements(const std::string& output, Measurements& measurements) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  for (absl::string_view line : absl::StrSplit(output, '\n')) {
    if (line.empty() || line[0] != '{') continue;
    Measurement measurement;
    const auto status =
        google::protobuf::util::JsonStringToMessage(std::string(line), &measurement, options);
    if (status.ok() && !measurement.workload().empty()) {
      measurements[absl::StrCat(measurement.workload(), " ", measurement.variant())].push_back(
          measurement);
    }
  }
}

Measurement MedianOf(const Measurements& measurements, const std::string& key) {
  Measurement median;
  const auto found = measurements.find(key);
  if (found == measurements.end()) return median;
  const auto median_of = [&](double (Measurement::*member)() const) {
    std::vector<double> values;
    for (const Measurement& m : found->second) values.push_back((m.*member)());
    return Median(values);
  };
  median.set_workload(found->second.front().workload());
  median.set_variant(found->second.front().variant());
  median.set_median_ms(median_of(&Measurement::median_ms));
  median.set_gflops(median_of(&Measurement::gflops));
  median.set_extra_mb(median_of(&Measurement::extra_mb));
  median.set_max_rss_mb(median_of(&Measurement::max_rss_mb));
  return median;
}

std::string FormatReport(const Surroundings& surroundings, const std::vector<RunResult>& results) {
  std::string text = "# Measured beside the peer\n\n";
  absl::StrAppend(&text, "Written by `bazel run //bench/compare`, which runs our programs and the ",
                  "peer's in turn; figures are medians over ", surroundings.rounds,
                  surroundings.rounds == 1 ? " round" : " rounds",
                  " of the medians of each program's steps.\n\n```\n", surroundings.system,
                  "```\n\n");
  if (surroundings.peer.empty()) {
    absl::StrAppend(&text, "The peer was not found (PRETEXT_PEERS names the folder that holds its ",
                    "steps.py): these are our figures alone.\n\n");
  } else {
    absl::StrAppend(&text, "Peer: ", surroundings.peer, ", eager and, where there is a figure, by ",
                    "its compiler or with its products in bfloat16 (autocast). \"best to best\": "
                    "its fastest figure against our fastest one. GFLOP/s and memory are of "
                    "float32.\n\n");
  }
  if (surroundings.peak_gflops > 0) {
    absl::StrAppendFormat(
        &text,
        "Peak: %.0f GFLOP/s, the fastest matrix product of this run. Operations are those of "
        "the plain algorithms: Winograd's convolutions need fewer, so a share may be above "
        "100 %%.\n\n",
        surroundings.peak_gflops);
  }
  absl::StrAppend(&text,
                  "| workload | ours ms | peer ms | faster | compiled ms | faster | ours bf16 ms | "
                  "peer bf16 ms | faster | best to best | GFLOP/s | of peak | MB beyond inputs | "
                  "MB ours | MB peer |\n",
                  "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const RunResult& result : results) {
    for (const Comparison::Row& row : result.run->row()) {
      absl::StrAppend(&text, FormatRow(row, result, surroundings.peak_gflops));
    }
  }
  return text;
}

}  // namespace pretext
