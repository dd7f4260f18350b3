#include "pipelines/embed/embed_run.h"

#include "absl/strings/str_cat.h"
#include "base/text/counted.h"

namespace pretext {
namespace {

constexpr size_t kFaultsKept = 10;

// What each row is of.
std::vector<VectorFacts> FactsOf(const InputBlock& block, const Rows& rows) {
  std::vector<VectorFacts> facts;
  size_t row = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    const int64_t count = rows.counts.empty() ? 1 : rows.counts[i];
    for (int64_t k = 0; k < count; ++k, ++row) {
      facts.push_back({.name = block.names[i],
                       .token = rows.tokens.empty() ? "" : absl::string_view(rows.tokens[row]),
                       .label = block.labels.empty() ? -1 : block.labels[i]});
    }
  }
  return facts;
}

}  // namespace

absl::StatusOr<EmbedReport> EmbedInput(BatchEncoder& encoder, Input& input, VectorFile& file,
                                       Features* kept, const Work& work) {
  EmbedReport report;
  InputBlock block;
  while (true) {
    absl::Status status = input.Next(block);
    if (!status.ok()) return status;
    for (std::string& fault : block.faults) {
      ++report.unreadable;
      if (report.faults.size() < kFaultsKept) report.faults.push_back(std::move(fault));
    }
    if (block.names.empty() && block.faults.empty()) break;
    report.text.repaired += block.repaired;
    if (block.names.empty()) continue;
    const absl::StatusOr<Rows> rows = encoder.of_text() ? encoder.OfTexts(block.texts, &report.text)
                                                        : encoder.OfSamples(block.samples);
    if (!rows.ok()) return rows.status();
    const std::vector<VectorFacts> facts = FactsOf(block, *rows);
    status = file.Append(facts, rows->values.data());
    if (!status.ok()) return status;
    report.inputs += static_cast<int64_t>(block.size());
    report.rows += static_cast<int64_t>(facts.size());
    status = work.Tell(absl::StrCat(Counted(report.inputs), " embedded:"), input.share());
    if (!status.ok()) return status;
    if (kept == nullptr) continue;
    kept->count = report.rows;
    kept->width = rows->width;
    kept->values.insert(kept->values.end(), rows->values.begin(), rows->values.end());
  }
  if (report.inputs == 0) {
    return absl::InvalidArgumentError(
        report.faults.empty() ? "there is nothing in the input that could be embedded"
                              : absl::StrCat("none of ", Counted(report.unreadable),
                                             " inputs can be read: ", report.faults.front()));
  }
  absl::StatusOr<std::vector<std::string>> written = file.Finish();
  if (!written.ok()) return written.status();
  report.written = *std::move(written);
  return report;
}

}  // namespace pretext
