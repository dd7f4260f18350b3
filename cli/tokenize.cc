#include <cstdio>
#include <memory>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/file/is_there.h"
#include "base/text/counted.h"
#include "cli/command.h"
#include "cli/out_path.h"
#include "datasets/text/corpus.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/checkpoint/fingerprint.h"

ABSL_FLAG(std::string, split, "train", "which split is written");

namespace pretext {
namespace {

// Nothing beside where the ids go into a device or a pipe.
absl::StatusOr<std::unique_ptr<FileWriter>> CreateBeside(const std::string& out) {
  const absl::StatusOr<PathKind> ids = KindOfPath(out);
  if (!ids.ok()) return ids.status();
  if (!HasPlaceBeside(out)) return nullptr;
  const std::string beside = BesideIds(out);
  if (*ids == PathKind::kNothing && IsThere(beside)) {
    return absl::InvalidArgumentError(
        absl::StrCat(beside,
                     ": is there already and would be replaced, though it does not belong to these "
                     "ids; move it away, or give --out another name"));
  }
  return FileWriter::Create(beside);
}

}  // namespace

absl::Status TokenizeCommand(const std::vector<std::string>& arguments) {
  if (auto status = CheckArguments("tokenize", arguments, 1, 1); !status.ok()) return status;
  const absl::StatusOr<std::string> out = OutPath(Result::kIds, arguments);
  if (!out.ok()) return out.status();
  const std::string name = absl::GetFlag(FLAGS_split);
  if (name != "train" && name != "test") {
    return absl::InvalidArgumentError(absl::StrCat("--split is train or test; it is ", name));
  }
  const Split split = name == "train" ? Split::kTrain : Split::kTest;
  const auto parts = AssembleFile(arguments[0], Overrides());
  if (!parts.ok()) return parts.status();
  Dataset& dataset = *parts->dataset;
  if (dataset.tokenizer() == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        arguments[0], ": its dataset has no tokens; it gives ", dataset.type().ToString()));
  }
  if (absl::Status status = dataset.Load(); !status.ok()) return status;
  if (dataset.size(split) == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(arguments[0], ": its dataset has nothing in the ", name,
                     " split, as where held_out is 0; nothing is written"));
  }
  std::FILE* const said = SaidBeside(*out);
  std::fprintf(said, "%s\n", dataset.Summary().c_str());
  const absl::StatusOr<std::unique_ptr<FileWriter>> beside = CreateBeside(*out);
  if (!beside.ok()) return beside.status();
  absl::Status status = ExportTokens(dataset, split, *out);
  if (status.ok() && *beside != nullptr) {
    status = (*beside)->Append(absl::StrCat("ids of the ", name, " split by the tokenizer ",
                                            TokenizerFingerprint(dataset), "\n"));
    if (status.ok()) status = (*beside)->Commit();
  }
  if (!status.ok()) return status;
  std::fprintf(said, "%s x %d ids (int32): %s%s\n", Counted(dataset.size(split)).c_str(),
               static_cast<int>(dataset.type().tokens), out->c_str(),
               *beside == nullptr ? "" : absl::StrCat(", ", BesideIds(*out)).c_str());
  return absl::OkStatus();
}

}  // namespace pretext
