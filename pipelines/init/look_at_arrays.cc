#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file/folder.h"
#include "datasets/arrays/array_file.h"
#include "pipelines/init/data_facts.h"

namespace pretext {
namespace {

// The field of the labels that belong to an array: in its own file, or beside it as `pretext embed`
// writes them; empty where there are none.
std::string LabelsField(const std::string& path) {
  std::string labels = path;
  if (absl::EndsWith(path, ".npy")) {
    labels = absl::StrCat(absl::StripSuffix(path, ".npy"), ".labels.npy");
  }
  const absl::StatusOr<PathKind> kind = KindOfPath(labels);
  if (!kind.ok() || *kind != PathKind::kFile) return "";
  const auto file = ArrayFile::Open(labels, "", ArrayFile::Kind::kLabels);
  return file.ok() ? absl::StrCat("    labels: ", QuotedPath(labels), "\n") : "";
}

}  // namespace

absl::StatusOr<DataFacts> LookAtArrays(const std::string& path) {
  const absl::StatusOr<ArrayFile> array = ArrayFile::Open(path, "", ArrayFile::Kind::kSamples);
  if (!array.ok()) return absl::InvalidArgumentError(array.status().message());
  const std::string samples = absl::StrCat("    samples: ", QuotedPath(path), "\n");
  const std::string labels = LabelsField(path);
  const std::string standardized =
      "    scaling: STANDARDIZE  # each to mean 0 and deviation 1: none outweighs another\n";
  const bool vectors = array->shape().size() == 2;
  // Images are taken for values in [0, 1], or bytes, unless they are not.
  std::vector<std::string> scalings = {standardized};
  if (!vectors) scalings.insert(scalings.begin(), "");
  absl::Status first;
  // Labels that are none, -1 of what has no class, are left out.
  for (const std::string& with : {labels, std::string()}) {
    for (const std::string& scaling : scalings) {
      absl::StatusOr<DataFacts> facts =
          LookAtDataset(DataFacts::Kind::kArrays, path, "pretext.Arrays", samples + with + scaling);
      if (facts.ok()) {
        facts->unit_range = scaling.empty();
        return facts;
      }
      first.Update(facts.status());
    }
  }
  return first;
}

}  // namespace pretext
