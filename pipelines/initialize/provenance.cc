#include "pipelines/initialize/provenance.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/text/counted.h"
#include "pipelines/checkpoint/run_names.h"
#include "pipelines/text/config_differences.h"
#include "pipelines/text/load_pipeline.h"

namespace pretext {
namespace {

// "3 left out (a, b, c)", not without end; nothing for none.
std::string Count(const std::vector<std::string>& names, const char* what) {
  if (names.empty()) return "";
  constexpr size_t kMost = 4;
  const std::vector<std::string> first(
      names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(kMost, names.size())));
  return absl::StrCat("; ", names.size(), " ", what, " (", absl::StrJoin(first, ", "),
                      names.size() > kMost ? ", …" : "", ")");
}

// Where the part is another than in the run, though its tensors have the same shapes.
void AddDifferences(const WeightFile& file, const Pipeline& config,
                    const Pipeline::Initialize& entry, std::vector<std::string>& notes) {
  absl::StatusOr<LoadedPipeline> run = LoadPipelineFile(PipelineIn(file.run()));
  if (!run.ok() || !run->map.ok()) return;
  FillDefaults(run->config.get());
  if (run->config->teacher().kept() && entry.part() != Pipeline::Initialize::HEAD) {
    notes.push_back(absl::StrCat(
        "note: that run keeps its teacher's encoder (teacher { kept }), and this is the trained "
        "one; from: \"",
        file.run(), "/encoder\" takes the kept one"));
  }
  for (const ConfigDifference& d : CompareConfigs(*run->config, config)) {
    const bool encoder = absl::StartsWith(d.path, "encoder"),
               head = absl::StartsWith(d.path, "head");
    if (!(encoder && entry.part() != Pipeline::Initialize::HEAD) &&
        !(head && entry.part() != Pipeline::Initialize::ENCODER)) {
      continue;
    }
    notes.push_back(
        absl::StrCat("note: ", d.path, " is ", d.after, " here, and was ", d.before, " there"));
  }
}

}  // namespace

std::vector<std::string> Provenance(const WeightFile& file, const Matching& matching,
                                    const Pipeline& config, const Pipeline::Initialize& entry) {
  int64_t taken = 0, numbers = 0;
  std::set<std::string> converted;
  std::vector<std::string> random, left_out;
  for (const WantedTensor& tensor : matching.wanted) {
    if (!tensor.found()) {
      random.push_back(tensor.full_name());
      continue;
    }
    ++taken;
    numbers += tensor.shape.size();
    for (const StoredTensor* piece : tensor.pieces) {
      if (piece->type != NumberType::kF32) converted.insert(std::string(NameOf(piece->type)));
    }
  }
  for (const StoredTensor* tensor : matching.surplus) left_out.push_back(tensor->name);
  for (const StoredTensor* tensor : matching.passed_over) left_out.push_back(tensor->name);
  const std::string part = absl::AsciiStrToLower(Pipeline::Initialize::Part_Name(entry.part()));
  std::vector<std::string> notes = {absl::StrCat(
      part == "both" ? "encoder and head" : part, " from ", file.path(), " (CRC-32 ",
      file.checksum(), ", the names of ", matching.naming, "): ", taken, " tensors, ",
      Counted(numbers), " numbers",
      converted.empty()
          ? ""
          : absl::StrCat(", converted from ", absl::StrJoin(converted, ", "), " to float32"),
      Count(random, "stay random"), Count(left_out, "of the file left out"))};
  if (!matching.settings.empty() && file.Beside("config.json").empty()) {
    notes.push_back(
        "note: no config.json lies beside it: heads, activation and ε are taken to be the same");
  }
  for (const std::string& otherwise : matching.otherwise)
    notes.push_back(absl::StrCat("note: ", otherwise));
  if (!file.run().empty()) AddDifferences(file, config, entry, notes);
  return notes;
}

}  // namespace pretext
