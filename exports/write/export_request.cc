#include "exports/write/export_request.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/json/json.h"

namespace pretext {

// Of float32: what there is beyond seven digits is rounding.
constexpr char kDigits[] = "%.7g";

absl::Status WriteExportFile(const std::string& folder, const std::string& name,
                             const std::string& contents) {
  const std::string path = absl::StrCat(folder, "/", name);
  if (absl::Status status = MakeFolders(ParentOf(path)); !status.ok()) return status;
  return WriteFileAtomically(path, contents);
}

absl::Status WriteForeignModel(const std::string& folder, const ForeignModel& model) {
  TensorFile file{.tensors = model.tensors, .metadata = {{"format", "pt"}}};
  if (absl::Status status = WriteTensors(absl::StrCat(folder, "/", kForeignWeights), file);
      !status.ok())
    return status;
  for (const auto& [name, contents] : model.files) {
    if (absl::Status status = WriteExportFile(folder, name, contents); !status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string JsonLines(const std::vector<std::pair<std::string, std::string>>& members) {
  std::vector<std::string> lines;
  for (const auto& [key, json] : members)
    lines.push_back(absl::StrCat("  ", JsonString(key), ": ", json));
  return absl::StrCat("{\n", absl::StrJoin(lines, ",\n"), "\n}\n");
}

std::string JsonNumbers(const std::vector<double>& numbers) {
  std::vector<std::string> texts;
  for (const double number : numbers) texts.push_back(absl::StrFormat(kDigits, number));
  return absl::StrCat("[", absl::StrJoin(texts, ", "), "]");
}

}  // namespace pretext
