#include <cstdio>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/text/counted.h"
#include "cli/command.h"
#include "cli/out_path.h"
#include "datasets/text/corpus.h"
#include "pipelines/assembly/assembly.h"

ABSL_FLAG(std::string, split, "train", "which split is written");

namespace pretext {

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
  if (absl::Status status = ExportTokens(dataset, split, *out); !status.ok()) return status;
  std::fprintf(said, "%s x %d ids (int32): %s\n", Counted(dataset.size(split)).c_str(),
               static_cast<int>(dataset.type().tokens), out->c_str());
  return absl::OkStatus();
}

}  // namespace pretext
