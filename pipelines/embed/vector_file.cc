#include "pipelines/embed/vector_file.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/file/extension.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/text/nearest.h"
#include "pipelines/embed/vector_formats.h"

namespace pretext {
namespace {

const std::vector<std::string>& Formats() {
  static const auto* const formats =
      new std::vector<std::string>{"npy", "safetensors", "csv", "jsonl"};
  return *formats;
}

absl::StatusOr<std::string> FormatOfPath(const std::string& path, const std::string& format,
                                         bool device) {
  std::string chosen = format;
  const std::string extension(absl::StripPrefix(ExtensionOf(path), "."));
  if (chosen.empty()) chosen = extension;
  if (chosen != extension && !device &&
      std::count(Formats().begin(), Formats().end(), extension) > 0) {
    return absl::InvalidArgumentError(absl::StrCat("--out ", path, ": ends in .", extension,
                                                   ", and --format is ", format,
                                                   ": leave one of them out"));
  }
  if (chosen.empty() && device) chosen = "npy";
  for (const std::string& known : Formats()) {
    if (chosen == known) return chosen;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      format.empty() ? absl::StrCat("--out ", path, ": its extension chooses the format")
                     : absl::StrCat("--format ", format, ": there is no such format"),
      NearestAndKnown(chosen, Formats(), "Known")));
}

absl::StatusOr<bool> IsThere(const std::string& path) {
  const absl::StatusOr<PathKind> kind = KindOfPath(path);
  if (!kind.ok()) return kind.status();
  return *kind != PathKind::kNothing;
}

// Nothing that the user did not name is replaced, unless it belongs to the vectors that are.
absl::Status CheckBeside(const std::string& path, const std::vector<std::string>& written) {
  const absl::StatusOr<bool> replaced = IsThere(path);
  if (!replaced.ok()) return replaced.status();
  for (const char* const end : {kNames, kLabels, kClasses, kEncoder}) {
    const std::string beside = BesideVectors(path, end);
    const absl::StatusOr<bool> there = IsThere(beside);
    if (!there.ok()) return there.status();
    if (!*there) continue;
    const bool is_written = std::count(written.begin(), written.end(), beside) > 0;
    if (*replaced && is_written) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(beside, ": is there already and would ",
                     is_written ? "be replaced, though it does not belong to these vectors"
                                : "be left over beside vectors that it does not belong to",
                     "; move it away, or give --out another name"));
  }
  return absl::OkStatus();
}

}  // namespace

std::string BesideVectors(const std::string& path, const char* end) {
  return absl::StrCat(absl::StripSuffix(path, ExtensionOf(path)), end);
}

absl::StatusOr<std::unique_ptr<VectorFile>> VectorFile::Create(const std::string& path,
                                                               const Options& options) {
  const absl::StatusOr<PathKind> kind = KindOfPath(path);
  if (!kind.ok()) return kind.status();
  const bool beside = *kind != PathKind::kOther && HasPlaceBeside(path);
  const absl::StatusOr<std::string> format = FormatOfPath(path, options.format, /*device=*/!beside);
  if (!format.ok()) return format.status();
  if (*format == "csv" || *format == "jsonl") {
    return CreateTextVectors(path, options, *format == "csv");
  }
  if (beside) {
    std::vector<std::string> written = {BesideVectors(path, kNames)};
    if (options.labelled && *format == "npy") written.push_back(BesideVectors(path, kLabels));
    if (!options.classes.empty()) written.push_back(BesideVectors(path, kClasses));
    if (!options.encoder.empty()) written.push_back(BesideVectors(path, kEncoder));
    if (absl::Status status = CheckBeside(path, written); !status.ok()) return status;
  }
  return CreateArrayVectors(path, options, *format == "npy", beside);
}

}  // namespace pretext
